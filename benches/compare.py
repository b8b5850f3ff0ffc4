#!/usr/bin/env python3
"""Side by side: varpulis, jq, DuckDB, ClickHouse (chdb) and two floors, over one log.

Every tool answers the same questions over the same file, on one thread, interleaved: a round runs
each tool once, the table shows medians over the rounds. CPU is user + system time of the whole
process (`wait4`); of DuckDB and chdb, which run inside Python, the time that it takes to start
Python and import them is taken off. Rows are counted; a tool that gives another number than the
others is marked. A tool that is not there is skipped and named.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install duckdb chdb
    cargo bench --bench generate -- --events 1000000 --shape nested --seed 1 --out nested.jsonl
    cargo build --release
    RUSTFLAGS=-Ctarget-cpu=native cargo bench --target-dir target/native --bench sonic_floor --no-run
    /tmp/venv/bin/python benches/compare.py nested.jsonl --rounds 5

This is the suite `filter`; `--suite windows` is in `compare_windows.py`, `--suite rules` in `compare_rules.py`,
`--suite sequences` in `compare_sequences.py`; `--suite scaling` makes its own logs: `compare_scaling.py`.
"""

import argparse
import glob
import importlib
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Question:
    def __init__(self, name, title, event, where, fields, scan=("event_type",)):
        self.name, self.title, self.event, self.where, self.fields = name, title, event, where, fields
        # The fields that must be read: those of the filter and those of the rows.
        self.needs = list(dict.fromkeys([*scan, *(field for field, _, _ in where), *fields]))


# Fields by name: where they lie in the nested shape, and their type in SQL and in VarpulisQL.
FIELDS = {
    "event_type": ("event_type", "str"),
    "ts": ("ts", "timestamp"),
    "user": ("actor.user", "str"),
    "region": ("ctx.region", "str"),
    "risk": ("ctx.risk", "float"),
    "status": ("status", "int"),
    "amount": ("amount", "float"),
}

QUESTIONS = [
    Question("filter", "type and a number, 1.6 % hits", "Payment", [("amount", ">", 800.0)], ["ts", "user", "amount"]),
    Question("project", "three fields of 40 % of the events", "HttpRequest", [], ["user", "region", "status"]),
    Question("rare", "a type of 1 in 10,000", "KeyRotated", [], ["ts", "user", "risk"]),
    Question(
        "nested",
        "two nested fields, 0.13 % hits",
        "LoginFailed",
        [("region", "==", "eu-west-1"), ("risk", ">", 0.9)],
        ["ts", "user", "risk"],
    ),
]


def place(field, shape):
    return FIELDS[field][0] if shape == "nested" else field


def literal(value, quote):
    return f"{quote}{value}{quote}" if isinstance(value, str) else str(value)


def varpulis_query(question, shape):
    conditions = " and ".join(f"{field} {op} {literal(value, chr(34))}" for field, op, value in question.where)
    fields = [field for field in question.needs if field != "event_type"]
    lines = [f"event {question.event}:"]
    lines += [f'    {field}: {FIELDS[field][1]} from "{place(field, shape)}"' for field in fields]
    lines += ["", f"stream Out = {question.event}"]
    if conditions:
        lines.append(f"    .where({conditions})")
    lines.append("    .emit(" + ", ".join(f"{field}: {field}" for field in question.fields) + ")")
    return "\n".join(lines) + "\n"


def jq_query(question, shape):
    conditions = [f'.event_type == "{question.event}"']
    conditions += [f".{place(field, shape)} {op} {literal(value, chr(34))}" for field, op, value in question.where]
    fields = ", ".join(f"{field}: .{place(field, shape)}" for field in question.fields)
    return f"select({' and '.join(conditions)}) | {{{fields}}}"


def tree(question, shape):
    """The needed fields as a tree: {"ctx": {"risk": "float"}}."""
    out = {}
    for field in question.needs:
        *outer, last = place(field, shape).split(".")
        node = out
        for key in outer:
            node = node.setdefault(key, {})
        # Times are passed through as text, so that nobody has to parse and format them.
        node[last] = "str" if field == "ts" else FIELDS[field][1]
    return out


def sql(question, shape, source):
    conditions = [f"event_type = '{question.event}'"]
    for field, op, value in question.where:
        conditions.append(f"{place(field, shape)} {'=' if op == '==' else op} {literal(value, chr(39))}")
    fields = ", ".join(f"{place(field, shape)} AS {field}" for field in question.fields)
    return f"SELECT {fields} FROM {source} AS t WHERE {' AND '.join(conditions)}"


def duckdb_type(node):
    if isinstance(node, dict):
        return "STRUCT(" + ", ".join(f"{key} {duckdb_type(inner)}" for key, inner in node.items()) + ")"
    return {"str": "VARCHAR", "int": "BIGINT", "float": "DOUBLE"}[node]


def duckdb_script(question, shape, log, out):
    columns = ", ".join(f"{key}: '{duckdb_type(node)}'" for key, node in tree(question, shape).items())
    source = f"read_json('{log}', format='newline_delimited', columns={{{columns}}})"
    query = f"COPY ({sql(question, shape, source)}) TO '{out}' (FORMAT json)"
    return f"import duckdb\nc = duckdb.connect()\nc.execute('SET threads = 1')\nc.execute({query!r})"


def clickhouse_type(node):
    if isinstance(node, dict):
        return "Tuple(" + ", ".join(f"{key} {clickhouse_type(inner)}" for key, inner in node.items()) + ")"
    return {"str": "String", "int": "Int64", "float": "Float64"}[node]


def chdb_script(question, shape, log, out):
    columns = ", ".join(f"{key} {clickhouse_type(node)}" for key, node in tree(question, shape).items())
    source = f"file('{log}', 'JSONEachRow', '{columns}')"
    settings = (
        "SETTINGS max_threads = 1, input_format_parallel_parsing = 0, output_format_parallel_formatting = 0, "
        "input_format_skip_unknown_fields = 1, input_format_json_ignore_unknown_keys_in_named_tuple = 1"
    )
    query = f"{sql(question, shape, source)} {settings}"
    # chdb gives the result as bytes; writing them is part of the job.
    return f"import chdb\nr = chdb.query({query!r}, 'JSONEachRow')\nopen({out!r}, 'wb').write(r.bytes())"


def timed(command, stdout):
    """CPU and wall seconds and peak memory (MiB) of a command; none when it fails."""
    import time

    with open(stdout, "wb") if stdout else open(os.devnull, "wb") as out, tempfile.TemporaryFile() as err:
        start = time.monotonic()
        child = subprocess.Popen(command, stdout=out, stderr=err)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        err.seek(0)
        message = err.read().decode(errors="replace")
    if child.returncode != 0:
        return None, message.strip().splitlines()[-1:] or [f"exit code {child.returncode}"]
    return (usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024), None


def version(command):
    try:
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
        return lines[0] if lines else ""
    except (OSError, subprocess.CalledProcessError):
        return None


class Tool:
    """`commands(question)` gives a command and the file in which its rows are (none: no rows)."""

    def __init__(self, name, version, commands, start=None):
        self.name, self.version, self.commands, self.start = name, version, commands, start


def find_tools(args, work):
    """The tools that are there, and notes about those that are not."""
    tools, notes = [], []
    log, shape = args.log, args.shape

    def out(name):
        return os.path.join(work, f"{name}.out")

    def script(tool, question, text):
        path = os.path.join(work, f"{tool}_{question}.py")
        with open(path, "w") as file:
            file.write(text)
        return [args.python, path]

    def varpulis(question):
        path = os.path.join(work, f"{question.name}.vpl")
        with open(path, "w") as file:
            file.write(varpulis_query(question, shape))
        command = [args.varpulis, "run", path, "--input", log, "--threads", "1", "--quiet", "--output", out("varpulis")]
        return command, None, out("varpulis")

    if version([args.varpulis, "--version"]):
        tools.append(Tool("varpulis", version([args.varpulis, "--version"]), varpulis))
    else:
        notes.append(f"varpulis: no program at {args.varpulis}")

    def wc(_question):
        return ["wc", "-l", log], None, None

    tools.append(Tool("wc -l", version(["wc", "--version"]) or "wc", wc))

    sonic = args.sonic or max(
        (path for path in glob.glob(os.path.join(ROOT, "target/native/release/deps/sonic_floor-*")) if os.access(path, os.X_OK)),
        key=os.path.getmtime,
        default=None,
    )
    if sonic:
        tools.append(
            Tool("sonic-rs decode", "", lambda question: ([sonic, log, question.name, shape], out("sonic"), out("sonic")))
        )
    else:
        notes.append("sonic-rs: `RUSTFLAGS=-Ctarget-cpu=native cargo bench --target-dir target/native --bench sonic_floor --no-run` builds it")

    if shutil.which("jq"):
        tools.append(
            Tool(
                "jq",
                version(["jq", "--version"]),
                lambda question: (["jq", "-c", jq_query(question, shape), log], out("jq"), out("jq")),
            )
        )
    else:
        notes.append("jq: not installed")

    for name, module, write in [("DuckDB", "duckdb", duckdb_script), ("ClickHouse (chdb)", "chdb", chdb_script)]:
        found = version([args.python, "-c", f"import {module}; print({module}.__version__)"])
        if not found:
            notes.append(f"{name}: no Python module `{module}`")
            continue

        def commands(question, module=module, write=write):
            text = write(question, shape, log, out(module))
            return script(module, question.name, text), None, out(module)

        tools.append(Tool(name, found, commands, start=[args.python, "-c", f"import {module}"]))
    return tools, notes


def measure(tools, question, rounds, notes):
    """Medians by tool: CPU, wall, memory, rows."""
    samples = {tool.name: [] for tool in tools}
    starts = {tool.name: [] for tool in tools}
    rows = {}
    for _ in range(rounds):
        for tool in tools:
            command, stdout, result = tool.commands(question)
            if tool.start:
                start, _ = timed(tool.start, None)
                starts[tool.name].append(start or (0.0, 0.0, 0.0))
            sample, error = timed(command, stdout)
            if sample is None:
                notes.append(f"{tool.name}, {question.name}: {' '.join(error)}")
                continue
            samples[tool.name].append(sample)
            if result:
                with open(result, "rb") as file:
                    rows[tool.name] = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
    out = {}
    for tool in tools:
        if samples[tool.name]:
            cpu, wall, memory = (statistics.median(values) for values in zip(*samples[tool.name]))
            if starts[tool.name]:
                cpu -= statistics.median(start[0] for start in starts[tool.name])
                wall -= statistics.median(start[1] for start in starts[tool.name])
            out[tool.name] = (cpu, wall, memory, rows.get(tool.name))
    return out


def print_table(question, results, base):
    print(f"\n### {question.name}: {question.title}\n")
    print(f"| tool | CPU s | CPU / {base} | wall s | peak MiB | rows |")
    print("|---|--:|--:|--:|--:|--:|")
    unit = results.get(base, (None,))[0]
    for name, (cpu, wall, memory, rows) in results.items():
        ratio = f"{cpu / unit:.2f}" if unit else ""
        print(f"| {name} | {cpu:.3f} | {ratio} | {wall:.3f} | {memory:.0f} | {'' if rows is None else rows} |")
    counts = {rows for _, _, _, rows in results.values() if rows is not None}
    if len(counts) > 1:
        print(f"\n**The tools disagree: {sorted(counts)} rows.**")
    return len(counts) <= 1


def machine():
    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as file:
            name = next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{name}, {os.cpu_count()} CPUs, {platform.system()} {platform.release()}, load {load()}"


def load():
    return ", ".join(f"{value:.1f}" for value in os.getloadavg())


def main():
    parser = argparse.ArgumentParser(description="Side by side over one log.")
    parser.add_argument("log", nargs="?", help="the log (scaling: none)")
    parser.add_argument("--suite", choices=["filter", "windows", "rules", "sequences", "scaling"], default="filter")
    parser.add_argument("--shape", choices=["flat", "nested", "wide"], default="nested")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--varpulis", default=os.path.join(ROOT, "target/release/varpulis"))
    parser.add_argument("--sonic", help="the built sonic_floor")
    parser.add_argument("--python", default=sys.executable, help="a Python with duckdb and chdb")
    parser.add_argument("--question", action="append", help="only this one; may be given several times")
    parser.add_argument("--logs", help="windows, sequences: where their logs are kept (default: made anew each time)")
    parser.add_argument("--events", type=int, default=1_000_000, help="scaling: how long its logs are")
    parser.add_argument("--over", action="append", choices=["jsonl", "parquet"], help="windows: only this format")
    args = parser.parse_args()
    if args.suite != "scaling":
        if not args.log:
            parser.error(f"the suite {args.suite} needs a log")
        args.log = os.path.abspath(args.log)

    # That file uses this one: it is imported when it is needed.
    suite = importlib.import_module(f"compare_{args.suite}") if args.suite != "filter" else None
    known = [question.name for question in (suite.QUESTIONS if suite else QUESTIONS)]
    for name in args.question or []:
        if name not in known:
            parser.error(f"no question `{name}` in the suite {args.suite}: {', '.join(known)}")

    agree = True
    with tempfile.TemporaryDirectory() as work:
        if suite:
            return 0 if suite.run(args, work) else 1
        tools, notes = find_tools(args, work)
        base = tools[0].name
        print(f"Machine: {machine()}  ")
        print(f"Log: {os.path.getsize(args.log):,} bytes, shape {args.shape}; one thread; medians of {args.rounds} rounds  ")
        print("Versions: " + "; ".join(f"{tool.name} {tool.version}".strip() for tool in tools))
        for question in QUESTIONS:
            if args.question and question.name not in args.question:
                continue
            results = measure(tools, question, args.rounds, notes)
            agree &= print_table(question, results, base)
        print("\nCommands (first question):\n")
        for tool in tools:
            command, _, _ = tool.commands(QUESTIONS[0])
            print(f"- {tool.name}: `{' '.join(command)}`")
        for note in dict.fromkeys(notes):
            print(f"- skipped: {note}")
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
