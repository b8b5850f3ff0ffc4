"""The questions of the suite `windows` and how each tool is asked them; `compare_windows.py` asks.

What is written for a tool is what its manual would have one write, and of several ways the fastest
that was found.
"""

EVENT = """\
event Any:
    event_type: str
    ts: timestamp
    user: str
    amount: float
    region: str

"""

SUMMARY = "n: count(), mean: avg(amount), low: min(amount), high: max(amount), spread: stddev(amount)"
SUMMARY_ROW = "n: n, mean: mean, low: low, high: high, spread: spread"
SUMMARY_SQL = "count(*) AS n, avg(amount) AS mean, min(amount) AS low, max(amount) AS high, {stddev}(amount) AS spread"
SUMMARY_POLARS = (
    'pl.len().alias("n"), pl.col("amount").mean().alias("mean"), pl.col("amount").min().alias("low"), '
    'pl.col("amount").max().alias("high"), pl.col("amount").std().alias("spread")'
)


class Question:
    """One question and how each tool is asked it.

    `fields` are those of the log that are read. In SQL `{events}` is the log as a table, in Polars
    `events` is a lazy frame, and `rows` is what is to be written. `exact` and `floats` are the
    fields by which answers are compared.
    """

    def __init__(self, name, title, users, fields, varpulis, duckdb, chdb, polars, exact, floats):
        self.name, self.title, self.users, self.fields = name, title, users, fields
        self.words = {"varpulis": varpulis, "DuckDB": duckdb, "chdb": chdb, "Polars": polars}
        self.exact, self.floats = exact, floats


def tumbling(name, title, users):
    select = "SELECT {bucket} AS start, user, " + SUMMARY_SQL + " FROM {{events}} GROUP BY 1, 2"
    return Question(
        name,
        title,
        users,
        ["ts", "user", "amount"],
        EVENT
        + "stream Out = any\n    .partition_by(user)\n    .window(1m)\n"
        + f"    .aggregate({SUMMARY})\n    .emit(start: window_start, user: user, {SUMMARY_ROW})\n",
        select.format(bucket="time_bucket(INTERVAL '1 minute', ts)", stddev="stddev"),
        select.format(bucket="toStartOfMinute(ts)", stddev="stddevSampStable"),
        f'rows = events.group_by(pl.col("ts").dt.truncate("1m").alias("start"), "user").agg({SUMMARY_POLARS})',
        ["start", "user", "n"],
        ["mean", "low", "high", "spread"],
    )


def totals():
    """The same windows, but few rows to write: what the windows cost without the writing."""
    outer = (
        "SELECT hour, count(*) AS windows, sum(n) AS n, avg(mean) AS mean, {spread} AS spread "
        "FROM (SELECT {hour} AS hour, {bucket} AS start, user, "
        + SUMMARY_SQL
        + " FROM {{events}} GROUP BY 1, 2, 3) GROUP BY 1"
    )
    return Question(
        "totals",
        "tumbling 1m, 1,000 users, summed up by the hour (few rows)",
        "thousand",
        ["ts", "user", "amount"],
        EVENT
        + f"stream Minutes = any\n    .partition_by(user)\n    .window(1m)\n    .aggregate({SUMMARY})\n\n"
        + "stream Out = Minutes\n    .window(1h)\n"
        + "    .aggregate(windows: count(), n: sum(n), mean: avg(mean), spread: max(spread))\n"
        + "    .emit(hour: window_start, windows: windows, n: n, mean: mean, spread: spread)\n",
        outer.format(
            hour="date_trunc('hour', ts)",
            bucket="time_bucket(INTERVAL '1 minute', ts)",
            stddev="stddev",
            spread="max(spread)",
        ),
        # The deviation of a single value is not null there but NaN, which `max` passes on.
        outer.format(
            hour="toStartOfHour(ts)",
            bucket="toStartOfMinute(ts)",
            stddev="stddevSampStable",
            spread="maxIf(spread, n > 1)",
        ),
        f'minutes = events.group_by(pl.col("ts").dt.truncate("1m").alias("start"), "user").agg({SUMMARY_POLARS})\n'
        'rows = minutes.group_by(pl.col("start").dt.truncate("1h").alias("hour")).agg(pl.len().alias("windows"), '
        'pl.col("n").sum(), pl.col("mean").mean(), pl.col("spread").max())',
        ["hour", "windows", "n"],
        ["mean", "spread"],
    )


def sliding():
    return Question(
        "sliding",
        "sliding 5m/1m: count avg min max stddev by 1,000 users",
        "thousand",
        ["ts", "user", "amount"],
        EVENT
        + "stream Out = any\n    .partition_by(user)\n    .window(5m, sliding: 1m)\n"
        + f"    .aggregate({SUMMARY})\n    .emit(start: window_start, user: user, {SUMMARY_ROW})\n",
        "SELECT time_bucket(INTERVAL '1 minute', ts) - to_minutes(back) AS start, user, "
        + SUMMARY_SQL.format(stddev="stddev")
        + " FROM {events}, range(5) AS t(back) GROUP BY 1, 2",
        "SELECT toStartOfMinute(ts) - toIntervalMinute(arrayJoin(range(5))) AS start, user, "
        + SUMMARY_SQL.format(stddev="stddevSampStable")
        + " FROM {events} GROUP BY 1, 2",
        'rows = pl.concat([events.with_columns(pl.col("ts").dt.truncate("1m") - pl.duration(minutes=back)) '
        f'for back in range(5)]).group_by(pl.col("ts").alias("start"), "user").agg({SUMMARY_POLARS})',
        ["start", "user", "n"],
        ["mean", "low", "high", "spread"],
    )


def trailing():
    return Question(
        "trailing",
        "trailing 5m: for each event the number of different regions of its user",
        "thousand",
        ["ts", "user", "region"],
        # The row's own time, `ts`, is the event's.
        EVENT
        + "stream Out = any\n    .partition_by(user)\n    .window(5m, every: event)\n"
        + "    .aggregate(n: count_distinct(region))\n    .emit(user: user, n: n)\n",
        # RANGE is closed at both ends and times are in milliseconds: 5 minutes without the oldest one.
        "SELECT ts, user, count(DISTINCT region) OVER (PARTITION BY user ORDER BY ts "
        "RANGE BETWEEN INTERVAL '299.999 seconds' PRECEDING AND CURRENT ROW) AS n FROM {events}",
        # RANGE takes no DateTime64 there, but integers.
        "SELECT ts, user, uniqExact(region) OVER (PARTITION BY user ORDER BY toUnixTimestamp64Milli(ts) "
        "RANGE BETWEEN 299999 PRECEDING AND CURRENT ROW) AS n FROM {events}",
        'rows = events.set_sorted("ts").rolling("ts", period="5m", group_by="user")'
        '.agg(pl.col("region").n_unique().alias("n"))',
        ["ts", "user", "n"],
        [],
    )


def sessions():
    last = "SELECT min(ts) AS start, max(ts) AS end, user, count(*) AS n, sum(amount) AS total FROM "
    numbered = "(SELECT *, sum(fresh) OVER (PARTITION BY user ORDER BY ts ROWS UNBOUNDED PRECEDING) AS number FROM "
    return Question(
        "sessions",
        "sessions with a gap of 30 s by user: start, end, count, sum",
        "thousand",
        ["ts", "user", "amount"],
        EVENT
        + "stream Out = any\n    .partition_by(user)\n    .session_window(gap: 30s)\n"
        + "    .aggregate(n: count(), total: sum(amount))\n"
        + "    .emit(start: window_start, end: window_end, user: user, n: n, total: total)\n",
        last.replace("AS end", 'AS "end"')
        + numbered
        + "(SELECT *, CASE WHEN ts - lag(ts) OVER (PARTITION BY user ORDER BY ts) <= INTERVAL '30 seconds' "
        "THEN 0 ELSE 1 END AS fresh FROM {events})) GROUP BY user, number",
        last
        + numbered
        + "(SELECT *, (toUnixTimestamp64Milli(ts) - lagInFrame(toUnixTimestamp64Milli(ts), 1, 0) OVER "
        "(PARTITION BY user ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)) > 30000 AS fresh "
        "FROM {events})) GROUP BY user, number",
        # The log lies in order of time.
        'fresh = (pl.col("ts") - pl.col("ts").shift(1).over("user") > pl.duration(seconds=30)).fill_null(True)\n'
        'rows = events.with_columns(fresh.alias("fresh")).with_columns('
        'pl.col("fresh").cum_sum().over("user").alias("number"))'
        '.group_by("user", "number").agg(pl.col("ts").min().alias("start"), pl.col("ts").max().alias("end"), '
        'pl.len().alias("n"), pl.col("amount").sum().alias("total")).drop("number")',
        ["start", "end", "user", "n"],
        ["total"],
    )


def median():
    return Question(
        "median",
        "exact median by user and 10 minutes",
        "thousand",
        ["ts", "user", "amount"],
        EVENT
        + "stream Out = any\n    .partition_by(user)\n    .window(10m)\n    .aggregate(mid: median(amount))\n"
        + "    .emit(start: window_start, user: user, mid: mid)\n",
        "SELECT time_bucket(INTERVAL '10 minutes', ts) AS start, user, median(amount) AS mid FROM {events} GROUP BY 1, 2",
        # `quantileExact` takes one of the values; this one interpolates as the others do.
        "SELECT toStartOfTenMinutes(ts) AS start, user, quantileExactInclusive(0.5)(amount) AS mid "
        "FROM {events} GROUP BY 1, 2",
        'rows = events.group_by(pl.col("ts").dt.truncate("10m").alias("start"), "user")'
        '.agg(pl.col("amount").median().alias("mid"))',
        ["start", "user"],
        ["mid"],
    )


def join():
    return Question(
        "join",
        "each Payment with the LoginFailed of its user within 1m before or after",
        "thousand",
        ["event_type", "ts", "user", "amount"],
        "event Payment:\n    ts: timestamp\n    user: str\n    amount: float\n\n"
        "event LoginFailed:\n    ts: timestamp\n    user: str\n\n"
        "stream Out = join(stream P from Payment, stream F from LoginFailed on P.user == F.user)\n    .window(1m)\n"
        "    .emit(user: P.user, paid: P.ts, failed: F.ts, amount: P.amount)\n",
        "WITH p AS (SELECT * FROM {events} WHERE event_type = 'Payment'), "
        "f AS (SELECT * FROM {events} WHERE event_type = 'LoginFailed') "
        "SELECT p.user AS user, p.ts AS paid, f.ts AS failed, p.amount AS amount FROM p JOIN f ON p.user = f.user "
        "AND f.ts BETWEEN p.ts - INTERVAL '1 minute' AND p.ts + INTERVAL '1 minute'",
        "WITH p AS (SELECT * FROM {events} WHERE event_type = 'Payment'), "
        "f AS (SELECT * FROM {events} WHERE event_type = 'LoginFailed') "
        "SELECT p.user AS user, p.ts AS paid, f.ts AS failed, p.amount AS amount FROM p JOIN f ON p.user = f.user "
        "WHERE f.ts BETWEEN p.ts - INTERVAL 1 MINUTE AND p.ts + INTERVAL 1 MINUTE",
        'p = events.filter(pl.col("event_type") == "Payment").select("user", "amount", pl.col("ts").alias("paid"))\n'
        'f = events.filter(pl.col("event_type") == "LoginFailed").select("user", pl.col("ts").alias("failed"))\n'
        'minute = pl.duration(minutes=1)\nrows = p.join(f, on="user").filter('
        'pl.col("failed").is_between(pl.col("paid") - minute, pl.col("paid") + minute))',
        ["user", "paid", "failed"],
        ["amount"],
    )


QUESTIONS = [
    tumbling("tumbling", "tumbling 1m: count avg min max stddev by 1,000 users", "thousand"),
    tumbling("tumbling_million", "the same by 1,000,000 users", "million"),
    totals(),
    sliding(),
    trailing(),
    sessions(),
    median(),
    join(),
]
