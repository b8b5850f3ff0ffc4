"""The questions of the suite `sequences` and how each tool is asked them; `compare_sequences.py` asks.

What is written for a tool is what its manual would have one write, and of several ways the fastest
that was found. The words of Varpulis come first: they are the question. A tool is asked

- the same question (rows are compared one by one), under its own name;
- a weaker one, where it has no words for the same: `LAST` (each completing event once, whatever the
  starts before it: EQL keeps the latest start only) or `KEYS` (users with a match: `windowFunnel`).

A tool that is not named in a question has no words for it: EQL has no conditions across steps but
equality, no repetition and (in its Python form) no absence; MATCH_RECOGNIZE reports nothing that no row
completes, so no absence that ends with a deadline; `windowFunnel` has neither.
"""

LAST, KEYS = "completions", "users"

FIELDS = {"ts": "timestamp", "user": "str", "region": "str", "amount": "float", "bytes": "int"}


class Question:
    """One question and how each tool is asked it.

    `fields` are those of the log that are read. In SQL `{events}` is the log as a table; what Flink is
    given is what stands between the brackets of MATCH_RECOGNIZE, and the types of which the rows are read.
    `exact` are the fields of an answer; `weaker` says of a tool which weaker question it answers.
    """

    def __init__(self, name, title, fields, words, weaker, exact=("user", "start", "end")):
        self.name, self.title, self.fields, self.words, self.weaker = name, title, fields, words, weaker
        self.exact = exact


def program(types, fields, body):
    """A program that declares the types, with those of the fields that they need."""
    declared = "".join(f"    {field}: {FIELDS[field]}\n" for field in fields)
    return "".join(f"event {name}:\n{declared}\n" for name in types) + f"stream Out = {body}\n"


def of(*types):
    """The condition that a row is of one of the types, as Flink and the others have it."""
    return "event_type IN (" + ", ".join(f"'{name}'" for name in types) + ")"


# The next row of a type, seen from each row of a user: rows are read backward, so that nothing is looked at twice.
LATER = "min(CASE WHEN event_type = '{0}' THEN {1} END) OVER (PARTITION BY user ORDER BY ts DESC)"
LATER_CHDB = "minOrNullIf({1}, event_type = '{0}') OVER (PARTITION BY user ORDER BY ts DESC)"


def funnel(span, *conditions):
    """Users whose events get through a funnel; `strict_increase`, else one event fills several steps."""
    steps = ", ".join(conditions)
    return (
        "SELECT user FROM (SELECT user, windowFunnel({span}, 'strict_increase')"
        "(toUInt64(toUnixTimestamp64Milli(ts)), {steps}) AS level FROM {{events}} GROUP BY user) WHERE level = {n}"
    ).format(span=span, steps=steps, n=len(conditions))


def failures():
    types = ("LoginFailed", "Login")
    failed, login = (f"event_type = '{name}'" for name in types)
    sql = (
        "SELECT user, ts AS start, ok AS \"end\" FROM (SELECT user, ts, lead(ok, 2) OVER (PARTITION BY user ORDER BY ts) AS ok "
        "FROM (SELECT user, event_type, ts, {later} AS ok FROM {{events}} WHERE {of}) WHERE {failed}) "
        "WHERE ok <= ts + INTERVAL 5 MINUTE"
    )
    return Question(
        "failures",
        "three failures, then a success, per user in 5 minutes",
        ["event_type", "ts", "user"],
        {
            "varpulis": program(
                types,
                ["ts", "user"],
                "LoginFailed{3} as failed -> Login as ok\n    .partition_by(user)\n    .within(5m)\n"
                "    .emit(user: user, start: match_start, end: match_end)",
            ),
            "DuckDB": sql.format(later=LATER.format("Login", "ts"), of=of(*types), failed=failed),
            "chdb": sql.format(later=LATER_CHDB.format("Login", "ts"), of=of(*types), failed=failed),
            "eql": "sequence by user with maxspan=5m [LoginFailed where true] [LoginFailed where true] "
            "[LoginFailed where true] [Login where true]",
            "Flink": (
                of(*types),
                "MEASURES A.ts AS `start`, D.ts AS `end` AFTER MATCH SKIP TO NEXT ROW "
                "PATTERN (A X* B Y* C Z* D) WITHIN INTERVAL '05:00.001' MINUTE TO SECOND DEFINE "
                f"A AS {failed}, X AS {login}, B AS {failed}, Y AS {login}, C AS {failed}, Z AS {failed}, D AS {login}",
            ),
        },
        {"eql": LAST},
    )


def steps():
    types = ("LoginFailed", "Login")
    failed, login = (f"event_type = '{name}'" for name in types)
    sql = (
        "SELECT user, ts AS start, ok AS \"end\" FROM (SELECT user, event_type, ts, {later} AS ok FROM {{events}} WHERE {of}) "
        "WHERE {failed} AND ok <= ts + INTERVAL 10 MINUTE"
    )
    return Question(
        "steps",
        "two steps per user within 10 minutes, 10,000 users",
        ["event_type", "ts", "user"],
        {
            "varpulis": program(
                types,
                ["ts", "user"],
                "LoginFailed as failed -> Login as ok\n    .partition_by(user)\n    .within(10m)\n"
                "    .emit(user: user, start: failed.ts, end: ok.ts)",
            ),
            "DuckDB": sql.format(later=LATER.format("Login", "ts"), of=of(*types), failed=failed),
            "chdb": sql.format(later=LATER_CHDB.format("Login", "ts"), of=of(*types), failed=failed),
            "chdb funnel": funnel(600_000, failed, login),
            "eql": "sequence by user with maxspan=10m [LoginFailed where true] [Login where true]",
            "Flink": (
                of(*types),
                "MEASURES A.ts AS `start`, B.ts AS `end` AFTER MATCH SKIP TO NEXT ROW "
                "PATTERN (A X* B) WITHIN INTERVAL '10:00.001' MINUTE TO SECOND DEFINE "
                f"A AS {failed}, X AS {failed}, B AS {login}",
            ),
        },
        {"chdb funnel": KEYS, "eql": LAST},
    )


def conditions():
    types = ("Login", "FileAccess", "Payment")
    login, access, payment = (f"event_type = '{name}'" for name in types)
    # Of all events of the next step that fit, the first.
    sql = (
        "WITH e AS (SELECT * FROM {{events}} WHERE {of}), two AS (SELECT a.user AS user, a.ts AS start, "
        "min(b.ts) AS ts, {arg_min}(b.amount, b.ts) AS amount, {any}(a.region) AS region "
        "FROM (SELECT * FROM e WHERE {login}) AS a JOIN (SELECT * FROM e WHERE {access}) AS b "
        "ON a.user = b.user AND b.ts > a.ts AND b.ts <= a.ts + INTERVAL 10 MINUTE AND b.bytes > a.bytes GROUP BY a.user, a.ts) "
        "SELECT two.user AS user, two.start AS start, min(c.ts) AS \"end\" "
        "FROM two JOIN (SELECT * FROM e WHERE {payment}) AS c ON two.user = c.user AND two.region = c.region "
        "AND c.ts > two.ts AND c.ts <= two.start + INTERVAL 10 MINUTE AND c.amount > two.amount GROUP BY two.user, two.start"
    )
    kinds = {"of": of(*types), "login": login, "access": access, "payment": payment}
    return Question(
        "conditions",
        "three steps with conditions across steps, per user within 10 minutes",
        ["event_type", "ts", "user", "region", "bytes", "amount"],
        {
            "varpulis": program(
                types,
                ["ts", "user", "region", "bytes", "amount"],
                "Login as a\n    -> FileAccess where bytes > a.bytes as b\n"
                "    -> Payment where amount > b.amount and region == a.region as c\n"
                "    .partition_by(user)\n    .within(10m)\n    .emit(user: user, start: a.ts, end: c.ts)",
            ),
            "DuckDB": sql.format(arg_min="arg_min", any="any_value", **kinds),
            "chdb": sql.format(arg_min="argMin", any="any", **kinds),
            "Flink": (
                of(*types),
                # What is skipped is named, so that no event that fits is passed over.
                "MEASURES A.ts AS `start`, C.ts AS `end` AFTER MATCH SKIP TO NEXT ROW "
                "PATTERN (A X* B Y* C) WITHIN INTERVAL '10:00.001' MINUTE TO SECOND DEFINE "
                f"A AS {login}, X AS NOT (X.{access} AND X.`bytes` > A.`bytes`), B AS {access} AND B.`bytes` > A.`bytes`, "
                f"Y AS NOT (Y.{payment} AND Y.amount > B.amount AND Y.region = A.region), "
                f"C AS {payment} AND C.amount > B.amount AND C.region = A.region",
            ),
        },
        {},
    )


def repetition():
    types = ("Login", "FileAccess", "Logout")
    login, access, logout = (f"event_type = '{name}'" for name in types)
    # From the back: the next logout and how many accesses (and bytes) came before it; then, of each
    # login, the same of the next access. All of these only grow, so that the least is the next.
    sql = (
        "SELECT user, ts AS start, \"end\", last_n - n AS n, last_total - total AS total FROM ("
        "SELECT user, event_type, ts, n, total, {over_end} AS \"end\", {over_n} AS last_n, {over_total} AS last_total FROM ("
        "SELECT user, event_type, ts, n, total, {end} AS out, {out_n} AS out_n, {out_total} AS out_total FROM ("
        "SELECT user, event_type, ts, {n} AS n, {total} AS total FROM {{events}} WHERE {of}))) "
        "WHERE {login} AND \"end\" <= ts + INTERVAL 10 MINUTE"
    )

    def words(later, n, total):
        return sql.format(
            over_end=later.format("FileAccess", "out"),
            over_n=later.format("FileAccess", "out_n"),
            over_total=later.format("FileAccess", "out_total"),
            end=later.format("Logout", "ts"),
            out_n=later.format("Logout", "n"),
            out_total=later.format("Logout", "total"),
            n=n,
            total=total,
            of=of(*types),
            login=login,
        )

    so_far = "OVER (PARTITION BY user ORDER BY ts)"
    return Question(
        "repetition",
        "`A -> B+ -> C` with two aggregates over the B, per user within 10 minutes",
        ["event_type", "ts", "user", "bytes"],
        {
            "varpulis": program(
                types,
                ["ts", "user", "bytes"],
                "Login as a -> FileAccess+ as files -> Logout as c\n    .partition_by(user)\n    .within(10m)\n"
                "    .emit(user: user, start: a.ts, end: c.ts, n: count(files), total: sum(files.bytes))",
            ),
            "DuckDB": words(
                LATER,
                f"count(CASE WHEN {access} THEN 1 END) {so_far}",
                f"sum(CASE WHEN {access} THEN bytes ELSE 0 END) {so_far}",
            ),
            "chdb": words(
                LATER_CHDB,
                f"toInt64(countIf({access}) {so_far})",
                f"sumIf(bytes, {access}) {so_far}",
            ),
            "chdb funnel": funnel(600_000, login, access, logout),
            "Flink": (
                of(*types),
                "MEASURES A.ts AS `start`, C.ts AS `end`, "
                f"1 + COALESCE(SUM(CASE WHEN Y.{access} THEN 1 ELSE 0 END), 0) AS n, "
                f"LAST(B.`bytes`) + COALESCE(SUM(CASE WHEN Y.{access} THEN Y.`bytes` ELSE 0 END), 0) AS total "
                "AFTER MATCH SKIP TO NEXT ROW PATTERN (A X* B Y* C) WITHIN INTERVAL '10:00.001' MINUTE TO SECOND DEFINE "
                f"A AS {login}, X AS X.event_type <> 'FileAccess', B AS {access}, "
                f"Y AS Y.event_type <> 'Logout', C AS {logout}",
            ),
        },
        {"chdb funnel": KEYS},
        exact=("user", "start", "end", "n", "total"),
    )


def absence():
    types = ("Login", "Logout")
    login = "event_type = 'Login'"
    sql = (
        "SELECT user, ts AS start, ts + INTERVAL 10 MINUTE AS \"end\" FROM ("
        "SELECT user, event_type, ts, {later} AS out, max(ts) OVER () AS now FROM {{events}}) "
        "WHERE {login} AND ts + INTERVAL 10 MINUTE < now AND (out IS NULL OR out > ts + INTERVAL 10 MINUTE)"
    )
    return Question(
        "absence",
        "a login and no logout for 10 minutes, per user",
        ["event_type", "ts", "user"],
        {
            "varpulis": program(
                types,
                ["ts", "user"],
                "Login as a -> not Logout within 10m\n    .partition_by(user)\n"
                "    .emit(user: user, start: a.ts, end: match_end)",
            ),
            "DuckDB": sql.format(later=LATER.format("Logout", "ts"), login=login),
            "chdb": sql.format(later=LATER_CHDB.format("Logout", "ts"), login=login),
        },
        {},
    )


QUESTIONS = [failures(), steps(), conditions(), repetition(), absence()]
