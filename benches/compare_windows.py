"""Side by side, the suite `windows`: windows, sessions, an exact median and a join, over JSON lines and Parquet.

Varpulis, DuckDB, ClickHouse (chdb) and Polars answer the same questions with one thread each and
write their rows as JSON lines, under the rules of `compare.py`, which runs this file:

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install duckdb chdb polars
    cargo bench --bench generate -- --events 1000000 --shape flat --seed 1 --out flat.jsonl
    cargo build --release
    /tmp/venv/bin/python benches/compare.py flat.jsonl --suite windows --rounds 3 --logs logs

The logs that are asked are made from that of the generator, once: with 1,000 users and with a user
for each event, both as JSON lines and as Parquet. Their times are made to differ, so that no tool has
to break ties. Answers must agree in the number of rows, in a checksum over the rows' keys, times and
counts, whatever their order, and in the sums of their floats. All four have words for all of the
questions, which are in `compare_questions.py`.
"""

import datetime
import json
import math
import multiprocessing
import os
import re
import signal
import statistics
import subprocess
import sys

from compare import load, machine, timed, version
from compare_questions import QUESTIONS

# Fields that are times: each tool writes them in its own form.
TIMES = {"ts", "start", "end", "hour", "paid", "failed"}
# Sums of floats may differ by this much, relative to the larger one.
TOLERANCE = 1e-9

TYPES = {
    # DuckDB, ClickHouse in JSON, Polars
    "ts": ("TIMESTAMP", "DateTime64(3, 'UTC')", "pl.String"),
    "amount": ("DOUBLE", "Float64", "pl.Float64"),
    "bytes": ("BIGINT", "Int64", "pl.Int64"),
}
TEXT = ("VARCHAR", "String", "pl.String")


def types(question, tool):
    return [(field, TYPES.get(field, TEXT)[tool]) for field in question.fields]


def duckdb_script(question, log, out):
    if log.endswith(".parquet"):
        source = f"read_parquet('{log}')"
    else:
        columns = ", ".join(f"{field}: '{kind}'" for field, kind in types(question, 0))
        source = f"read_json('{log}', format='newline_delimited', columns={{{columns}}})"
    query = f"COPY ({question.words['DuckDB'].format(events=source)}) TO '{out}' (FORMAT json)"
    return (
        "import duckdb\nc = duckdb.connect()\nc.execute('SET threads = 1')\n"
        f"c.execute('SET enable_progress_bar = false')\nc.execute({query!r})\n"
    )


def chdb_script(question, log, out):
    # Types are given for Parquet too: else every column would be nullable there.
    columns = ", ".join(f"{field} {kind}" for field, kind in types(question, 1)).replace("'", "\\'")
    source = f"file('{log}', '{'Parquet' if log.endswith('.parquet') else 'JSONEachRow'}', '{columns}')"
    settings = (
        "SETTINGS max_threads = 1, input_format_parallel_parsing = 0, output_format_parallel_formatting = 0, "
        "input_format_skip_unknown_fields = 1, date_time_input_format = 'best_effort', session_timezone = 'UTC', "
        "prefer_column_name_to_alias = 1, output_format_json_quote_64bit_integers = 0"
    )
    query = f"{question.words['chdb'].format(events=source)} {settings}"
    return f"import chdb\nr = chdb.query({query!r}, 'JSONEachRow')\nopen({out!r}, 'wb').write(r.bytes())\n"


def polars_script(question, log, out):
    fields = ", ".join(repr(field) for field in question.fields)
    if log.endswith(".parquet"):
        events = f"pl.scan_parquet({log!r}).select({fields})"
    else:
        # Reading the texts as times later is many times faster than having the JSON reader do it.
        schema = ", ".join(f"{field!r}: {kind}" for field, kind in types(question, 2))
        events = f"pl.scan_ndjson({log!r}, schema={{{schema}}})"
        events += '.with_columns(pl.col("ts").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="ms"))'
    return (
        "import os\nos.environ['POLARS_MAX_THREADS'] = '1'\nimport polars as pl\n"
        f"events = {events}\n{question.words['Polars']}\nrows.sink_ndjson({out!r})\n"
    )


SCRIPTS = {"DuckDB": ("duckdb", duckdb_script), "chdb": ("chdb", chdb_script), "Polars": ("polars", polars_script)}


def milliseconds(text):
    """Milliseconds since the epoch of any of the forms in which the tools write times."""
    time = datetime.datetime.fromisoformat(text)
    if time.tzinfo is None:
        time = time.replace(tzinfo=datetime.timezone.utc)
    return round(time.timestamp() * 1000)


class Times(dict):
    """Times by their texts, each of which is read once."""

    def __missing__(self, text):
        self[text] = milliseconds(text)
        return self[text]


def digest(question, path):
    """What must be the same whatever the tool: rows, a checksum of what is exact, sums of floats, nulls."""
    rows, check, nulls, times = 0, 0, 0, Times()
    values = {field: [] for field in question.floats}
    with open(path, "rb") as file:
        while lines := file.readlines(1 << 22):
            # Read as one list, which is twice as fast as line by line.
            found = json.loads(b"[" + b",".join(lines) + b"]")
            rows += len(found)
            columns = []
            for field in question.exact:
                column = [row[field] for row in found]
                if field in TIMES:
                    column = [times[text] for text in column]
                columns.append(column)
            # Added up, so that the order of rows does not matter; Python's hash is the same all through
            # this process, and equal for equal numbers.
            check += sum(map(hash, zip(*columns)))
            for field, seen in values.items():
                column = [row[field] for row in found]
                seen += (value for value in column if value is not None)
                nulls += column.count(None)
    return rows, check, nulls, {field: math.fsum(found) for field, found in values.items()}


def differences(question, a, b):
    """In what two digests differ, in words."""
    out = []
    if a[0] != b[0]:
        out.append(f"{b[0]:,} rows instead of {a[0]:,}")
    elif a[1] != b[1]:
        out.append(f"other values of {', '.join(question.exact)}")
    if a[2] != b[2]:
        out.append(f"{b[2]:,} nulls instead of {a[2]:,}")
    for field in question.floats:
        x, y = a[3][field], b[3][field]
        if not math.isclose(x, y, rel_tol=TOLERANCE):
            out.append(f"sum of `{field}` {y!r} instead of {x!r}")
    return out


def prepare(log, folder, python):
    """The logs of the suite, made from the generator's where they are not there yet: by users and format."""
    os.makedirs(folder, exist_ok=True)
    logs = {users: {"jsonl": os.path.join(folder, f"{users}.jsonl")} for users in ("thousand", "million")}
    if not all(os.path.exists(paths["jsonl"]) for paths in logs.values()):
        write_logs(log, {users: paths["jsonl"] for users, paths in logs.items()})
    for users, paths in logs.items():
        paths["parquet"] = os.path.join(folder, f"{users}.parquet")
        if not os.path.exists(paths["parquet"]):
            rows = f"SELECT * FROM read_json('{paths['jsonl']}', format='newline_delimited', columns={{{PARQUET}}})"
            query = f"COPY ({rows}) TO '{paths['parquet']}' (FORMAT parquet)"
            subprocess.run([python, "-c", f"import duckdb\nduckdb.sql({query!r})"], check=True, stdout=subprocess.DEVNULL)
    return logs


PARQUET = (
    "event_type: 'VARCHAR', ts: 'TIMESTAMP', user: 'VARCHAR', ip: 'VARCHAR', region: 'VARCHAR', session: 'VARCHAR', "
    "status: 'BIGINT', bytes: 'BIGINT', amount: 'DOUBLE', risk: 'DOUBLE', msg: 'VARCHAR'"
)


# The user of an event, of the generator's number of the user and the number of the event.
USERS = {
    "thousand": lambda user, number: b"user%05d" % (user % 1000),
    "ten_thousand": lambda user, number: b"user%05d" % user,
    # A step through a prime: as many users as events, none twice, and in no order.
    "million": lambda user, number: b"user%07d" % (number * 7919 % 1_000_003),
}


def write_logs(log, paths):
    """The generator's events with the users of that name, and each at least a millisecond later than the one before."""
    fields = re.compile(rb'"ts":"([^"]+)Z","user":"user(\d+)"')
    last = b""
    # Written under other names first: a file that is there is whole.
    outs = [(USERS[users], open(path + ".part", "wb")) for users, path in paths.items()]
    with open(log, "rb") as lines:
        for number, line in enumerate(lines):
            found = fields.search(line)
            if not found:
                raise SystemExit(f"{log}:{number + 1}: not a log of the generator's flat shape")
            time = found[1]
            # Texts of one form: they compare as the times do.
            if time <= last:
                next_one = datetime.datetime.fromisoformat(last.decode()) + datetime.timedelta(milliseconds=1)
                time = next_one.isoformat(timespec="milliseconds").encode()
            last = time
            before, after = line[: found.start()], line[found.end() :]
            for user, out in outs:
                out.write(b'%s"ts":"%sZ","user":"%s"%s' % (before, time, user(int(found[2]), number), after))
    for _, out in outs:
        out.close()
    for path in paths.values():
        os.replace(path + ".part", path)


def find_tools(args, work, notes):
    """The tools that are there: name, version and what starts it (none: it needs no Python)."""
    tools = []
    found = version([args.varpulis, "--version"])
    if found:
        tools.append(("varpulis", found, None))
    else:
        notes.append(f"varpulis: no program at {args.varpulis}")
    for name, (module, _) in SCRIPTS.items():
        found = version([args.python, "-c", f"import {module}; print({module}.__version__)"])
        if found:
            tools.append((name, found, [args.python, "-c", f"import {module}"]))
        else:
            notes.append(f"{name}: no Python module `{module}`")
    return tools


def command(args, work, question, name, log):
    """The command that answers a question over a log, and the file with its rows."""
    out = os.path.join(work, f"{name}.out")
    if name == "varpulis":
        text = question.words[name]
        path = os.path.join(work, f"{question.name}.vpl")
        run = [args.varpulis, "run", path, "--input", log, "--threads", "1", "--quiet"]
        run += ["--output", out, "--output-format", "jsonl"]
    else:
        text = SCRIPTS[name][1](question, log, out)
        path = os.path.join(work, f"{question.name}_{SCRIPTS[name][0]}.py")
        run = [args.python, path]
    with open(path, "w") as file:
        file.write(text)
    return run, None, out


class Answers:
    """What has been measured of one question over one format, by tool."""

    def __init__(self, question, form, log):
        self.question, self.form, self.log = question, form, log
        self.cpu, self.memory, self.digests, self.failed = {}, {}, {}, {}

    def ask(self, args, work, tools, reader):
        """One round: each tool once. What a tool answers is looked at the first time."""
        for name, _, _ in tools:
            if name in self.failed:
                continue
            run, stdout, out = command(args, work, self.question, name, self.log)
            sample, error = timed(run, stdout)
            if sample is None:
                self.failed[name] = " ".join(error)
                continue
            self.cpu.setdefault(name, []).append(sample[0])
            self.memory.setdefault(name, []).append(sample[2])
            if name not in self.digests:
                try:
                    self.digests[name] = reader.apply(digest, (self.question, out))
                except (KeyError, TypeError, ValueError) as problem:
                    self.failed[name] = f"rows that cannot be compared ({type(problem).__name__}: {problem})"

    def odd(self):
        """In what the tools disagree, and which failed."""
        out = [f"{name}: {text}" for name, text in self.failed.items()]
        first = next(iter(self.digests), None)
        for name, found in self.digests.items():
            out += [f"{name} against {first}: {text}" for text in differences(self.question, self.digests[first], found)]
        return out


def print_tables(answers, tools, starts):
    names = [name for name, _, _ in tools]
    base = names[0]
    taken_off = {name: statistics.median(samples) for name, samples in starts.items() if samples}
    print(f"\nCPU seconds (as a multiple of {base}), and the rows of the answer:\n")
    print("| question | over | " + " | ".join(names) + " | rows | |")
    print("|---|---|" + "--:|" * len(names) + "--:|---|")
    for answer in answers:
        cpu = {name: statistics.median(found) - taken_off.get(name, 0.0) for name, found in answer.cpu.items()}
        cells = []
        for name in names:
            text = f"{cpu[name]:.2f}" if name in cpu else "-"
            cells.append(f"{text} ({cpu[name] / cpu[base]:.2f})" if name in cpu and base in cpu and name != base else text)
        rows = next((found[0] for found in answer.digests.values()), 0)
        flag = "**disagree**" if answer.odd() else ""
        print(f"| {answer.question.name} | {answer.form} | {' | '.join(cells)} | {rows:,} | {flag} |")
    print("\nPeak memory, MiB:\n")
    print("| question | over | " + " | ".join(names) + " |")
    print("|---|---|" + "--:|" * len(names))
    for answer in answers:
        cells = [f"{statistics.median(answer.memory[name]):.0f}" if name in answer.memory else "-" for name in names]
        print(f"| {answer.question.name} | {answer.form} | {' | '.join(cells)} |")
    starting = ", ".join(f"{name} {seconds:.2f}" for name, seconds in taken_off.items())
    print(f"\nTaken off for the start of Python and the import, CPU seconds: {starting or 'nothing'}\n")


def print_notes(answers, notes):
    for answer in answers:
        for text in answer.odd():
            print(f"- **{answer.question.name} over {answer.form}: {text}**")
    for note in notes:
        print(f"- skipped: {note}")


def run(args, work):
    """Asks everything and prints the tables; whether all answers agree.

    A round asks every question once, so that a busy spell of the machine falls on all of them. A run
    that is interrupted shows what it has.
    """
    notes = []
    tools = find_tools(args, work, notes)
    if not tools:
        raise SystemExit("none of the tools is there: " + "; ".join(notes))
    logs = prepare(args.log, args.logs or os.path.join(work, "logs"), args.python)
    sizes = [f"{users} {form} {os.path.getsize(path):,}" for users, paths in logs.items() for form, path in paths.items()]
    asked = [question for question in QUESTIONS if not args.question or question.name in args.question]
    forms = args.over or ["jsonl", "parquet"]
    answers = [Answers(question, form, logs[question.users][form]) for question in asked for form in forms]
    starts = {name: [] for name, _, start in tools if start}
    print(f"Machine: {machine()}  ")
    rounds = 0
    # Answers are read in a process of their own, which has this one's hash: a tool's peak memory is
    # never said to be less than that of the process which starts it.
    reader = multiprocessing.get_context("fork").Pool(1)
    # Also in the background, where shells have it ignored, and when it is ended by its number.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        while rounds < args.rounds:
            for answer in answers:
                answer.ask(args, work, tools, reader)
                # Starts are short and are taken off from everything: they are taken as often as anything.
                for name, _, start in tools:
                    if start and (sample := timed(start, None)[0]):
                        starts[name].append(sample[0])
                print(f"round {rounds + 1}: {answer.question.name} over {answer.form}", file=sys.stderr, flush=True)
            rounds += 1
    except KeyboardInterrupt:
        notes.append(f"interrupted in round {rounds + 1} of {args.rounds}: medians are of what was measured")
    reader.terminate()
    print(f"Logs, bytes: {'; '.join(sizes)}; one thread; medians of {rounds} rounds; load at the end {load()}  ")
    print("Versions: " + "; ".join(f"{name} {found}" for name, found, _ in tools) + "\n")
    for question in asked:
        print(f"- {question.name}: {question.title}")
    print_tables(answers, tools, starts)
    print_notes(answers, notes)
    # A run that did not get to its end has not compared what it was to compare.
    return rounds == args.rounds and not any(answer.odd() for answer in answers)
