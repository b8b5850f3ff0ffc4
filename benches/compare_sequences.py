"""Side by side, the suite `sequences`: steps, conditions across steps, repetition and absence over one log.

Varpulis, DuckDB, ClickHouse (chdb), EQL and Flink SQL answer the same questions with one thread each, as
far as they have words for them, and write their rows as JSON lines, under the rules of `compare.py`, which
runs this file:

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install duckdb chdb eql
    /tmp/venv/bin/pip install --no-deps apache-flink-libraries
    cargo bench --bench generate -- --events 1000000 --shape flat --seed 1 --out flat.jsonl
    cargo build --release
    /tmp/venv/bin/python benches/compare.py flat.jsonl --suite sequences --rounds 3 --logs logs

Flink needs Java 11 or later with its compiler; the libraries are used without Python. Times of the log are
made to differ, so that no tool has to break ties. Answers must agree in their rows, whatever their order;
where a tool can only be asked a weaker question (see `sequence_questions.py`, which has the words), its
figures have a `*`, and it must agree in what that question asks. A tool that takes more than 20 seconds
is asked in the first round only.
"""

import json
import multiprocessing
import os
import shutil
import statistics
import sys

from compare import load, machine, timed, version
from compare_windows import TIMES, Times, chdb_script, duckdb_script, write_logs
from sequence_questions import KEYS, LAST, QUESTIONS

ROWS = "rows"
# Seconds of CPU from which a tool is asked only once.
SLOW = 20.0

FLINK_MAIN = """\
import java.nio.file.*;
import org.apache.flink.table.api.*;

class Ask {
    public static void main(String[] args) throws Exception {
        TableEnvironment tables = TableEnvironment.create(EnvironmentSettings.inBatchMode());
        tables.getConfig().set("parallelism.default", "1");
        tables.getConfig().set("table.local-time-zone", "UTC");
        for (String statement : Files.readString(Path.of(args[0])).split(";\\n")) {
            tables.executeSql(statement).await();
        }
    }
}
"""
FLINK_TYPES = {"ts": "TIMESTAMP_LTZ(3)", "start": "TIMESTAMP_LTZ(3)", "end": "TIMESTAMP_LTZ(3)", "amount": "DOUBLE"}
FLINK_TYPES |= dict.fromkeys(("bytes", "n", "total"), "BIGINT")

EQL_SCRIPT = """\
import datetime, json
from eql import PythonEngine, parse_query
from eql.events import Event

rows = open({out!r}, "w")

def write(found):
    first, last = found.events[0].data, found.events[-1].data
    rows.write(json.dumps({{"user": first["user"], "start": first["ts"], "end": last["ts"]}}) + "\\n")

tool = PythonEngine({{"time_unit": 1000, "hooks": [write]}})
with tool.schema:
    tool.add_query(parse_query({query!r}))
read = datetime.datetime.fromisoformat
zero, unit = read("2026-01-01T00:00:00+00:00"), datetime.timedelta(milliseconds=1)
for line in open({log!r}, "rb"):
    data = json.loads(line)
    tool.stream_event(Event(data["event_type"], (read(data["ts"]) - zero) // unit, data))
tool.finalize()
rows.close()
"""


def flink_table(name, fields, path):
    columns = ", ".join(f"`{field}` {FLINK_TYPES.get(field, 'STRING')}" for field in fields)
    watermark = ", WATERMARK FOR ts AS ts" if "ts" in fields else ""
    options = "'format' = 'json', 'json.timestamp-format.standard' = 'ISO-8601'"
    return f"CREATE TABLE {name} ({columns}{watermark}) WITH ('connector' = 'filesystem', 'path' = 'file://{path}', {options});\n"


def flink_script(question, log, out):
    where, match = question.words["Flink"]
    return (
        flink_table("events", question.fields, log)
        + flink_table("answer", question.exact, out)
        + f"INSERT INTO answer SELECT * FROM (SELECT * FROM events WHERE {where}) "
        + f"MATCH_RECOGNIZE (PARTITION BY `user` ORDER BY ts {match});\n"
    )


class Asked:
    """A question with one tool's words under the name that `compare_windows` looks for."""

    def __init__(self, question, tool):
        self.fields = question.fields
        self.words = {"DuckDB": question.words[tool], "chdb": question.words[tool]}


class Tool:
    """`command(question, log, out)` gives the command that answers; `start` one that only starts the tool."""

    def __init__(self, name, found, command, start=None):
        self.name, self.version, self.command, self.start = name, found, command, start


def find_tools(args, work, notes):
    tools = []

    def written(name, text):
        path = os.path.join(work, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def varpulis(question, log, out):
        run = [args.varpulis, "run", written(f"{question.name}.vpl", question.words["varpulis"]), "--input", log]
        return run + ["--threads", "1", "--quiet", "--output", out, "--output-format", "jsonl"]

    found = version([args.varpulis, "--version"])
    if found:
        tools.append(Tool("varpulis", found, varpulis))
    else:
        notes.append(f"varpulis: no program at {args.varpulis}")

    def eql_script(question, log, out):
        return EQL_SCRIPT.format(out=out, query=question.words["eql"], log=log)

    scripts = {
        "DuckDB": ("duckdb", lambda question, log, out: duckdb_script(Asked(question, "DuckDB"), log, out)),
        "chdb": ("chdb", lambda question, log, out: chdb_script(Asked(question, "chdb"), log, out)),
        "chdb funnel": ("chdb", lambda question, log, out: chdb_script(Asked(question, "chdb funnel"), log, out)),
        "eql": ("eql", eql_script),
    }
    for name, (module, write) in scripts.items():
        found = version([args.python, "-c", f"import {module}; print({module}.__version__)"])
        if not found:
            notes.append(f"{name}: no Python module `{module}`")
            continue

        def command(question, log, out, name=name, write=write):
            return [args.python, written(f"{question.name}_{name.replace(' ', '_')}.py", write(question, log, out))]

        tools.append(Tool(name, found, command, [args.python, "-c", f"import {module}"]))

    libraries = version([args.python, "-c", "import importlib.util as u; print(*u.find_spec('pyflink').submodule_search_locations)"])
    if libraries and shutil.which("javac"):
        main = written("Ask.java", FLINK_MAIN)
        # Half of the CPU time of so short a job would be that of the second compiler and of the collector's threads.
        options = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
        run = ["java", *options, "-cp", os.path.join(libraries, "lib", "*"), main]

        def flink(question, log, out):
            return run + [written(f"{os.path.basename(out)}_{question.name}.sql", flink_script(question, log, out))]

        # What is taken off is a whole job over nothing: it compiles and plans the same.
        nothing, no_rows = written("nothing.jsonl", ""), os.path.join(work, "no_rows")
        jar = next((name for name in os.listdir(os.path.join(libraries, "lib")) if name.startswith("flink-dist-")), "")
        found = jar.removeprefix("flink-dist-").removesuffix(".jar")
        tools.append(Tool("Flink", found, flink, flink(QUESTIONS[0], nothing, no_rows)))
    else:
        notes.append("Flink: no Python package `apache-flink-libraries`, or no Java with its compiler")
    return tools


def lines_of(path):
    """Batches of the rows of an answer, which is a file or (Flink) a directory of them."""
    paths = [os.path.join(path, name) for name in sorted(os.listdir(path))] if os.path.isdir(path) else [path]
    for each in paths:
        with open(each, "rb") as file:
            while lines := file.readlines(1 << 22):
                yield json.loads(b"[" + b",".join(lines) + b"]")


def digest(question, weaker, path):
    """How many there are, and a checksum that is the same whatever their order: of rows, completions and users.

    Of the answer to a weaker question only what that asks.
    """
    sums, times = [0, 0], Times()
    completions, users = set(), set()
    for rows in lines_of(path):
        users.update(row["user"] for row in rows)
        if weaker == KEYS:
            continue
        completions.update((row["user"], times[row["end"]]) for row in rows)
        if weaker is None:
            columns = ([times[row[field]] if field in TIMES else row[field] for row in rows] for field in question.exact)
            sums[0] += len(rows)
            sums[1] += sum(map(hash, zip(*columns)))
    out = {ROWS: tuple(sums), LAST: (len(completions), sum(map(hash, completions))), KEYS: (len(users), sum(map(hash, users)))}
    return {kind: out[kind] for kind in {None: (ROWS, LAST, KEYS), LAST: (LAST, KEYS), KEYS: (KEYS,)}[weaker]}


class Answers:
    """What has been measured of one question, by tool."""

    def __init__(self, question):
        self.question = question
        self.samples, self.digests, self.failed = {}, {}, {}

    def ask(self, tools, log, work, reader):
        """One round: each tool once. What a tool answers is looked at the first time."""
        for tool in tools:
            known = self.samples.get(tool.name, [])
            if tool.name not in self.question.words or tool.name in self.failed or (known and known[0][0] > SLOW):
                continue
            out = os.path.join(work, f"answer_{tool.name.replace(' ', '_')}")
            # Flink adds its files to a directory that is there.
            shutil.rmtree(out, ignore_errors=True)
            sample, error = timed(tool.command(self.question, log, out), None)
            if sample is None:
                self.failed[tool.name] = " ".join(error)
                continue
            self.samples.setdefault(tool.name, []).append(sample)
            if tool.name not in self.digests:
                try:
                    self.digests[tool.name] = reader.apply(digest, (self.question, self.question.weaker.get(tool.name), out))
                except (KeyError, TypeError, ValueError, OSError) as problem:
                    self.failed[tool.name] = f"rows that cannot be compared ({type(problem).__name__}: {problem})"

    def odd(self):
        """In what the tools disagree, and which failed."""
        out = [f"{name}: {text}" for name, text in self.failed.items()]
        first = next((name for name in self.digests if name not in self.question.weaker), None)
        for name, found in self.digests.items():
            if not first:
                continue
            kind, expected = next(iter(found)), self.digests[first]
            if found[kind] != expected[kind]:
                count, other = found[kind][0], expected[kind][0]
                what = f"{count:,} {kind} instead of {other:,}" if count != other else f"as many {kind}, but others"
                out.append(f"{name} against {first}: {what}")
        return out


def print_tables(answers, tools, taken_off):
    names = [tool.name for tool in tools]
    base = names[0]
    for place, (title, form, relative) in enumerate(
        [(f"CPU seconds (as a multiple of {base})", ".2f", True), ("Wall seconds", ".2f", False), ("Peak memory, MiB", ".0f", False)]
    ):
        print(f"\n{title}:\n")
        print("| question | " + " | ".join(names) + " | |")
        print("|---|" + "--:|" * len(names) + "---|")
        for answer in answers:
            values = {}
            for name, found in answer.samples.items():
                off = taken_off[name][place] if place < 2 and name in taken_off else 0.0
                values[name] = statistics.median(sample[place] for sample in found) - off
            cells = []
            for name in names:
                text = f"{values[name]:{form}}" if name in values else "-"
                if name in values and name in answer.question.weaker:
                    text += "*"
                if relative and name in values and base in values and name != base:
                    text += f" ({values[name] / values[base]:.2f})"
                cells.append(text)
            print(f"| {answer.question.name} | {' | '.join(cells)} | {'**disagree**' if answer.odd() else ''} |")
    print("\nAnswers:\n")
    print(f"| question | {ROWS} | {LAST} | {KEYS} |\n|---|--:|--:|--:|")
    for answer in answers:
        found = max(answer.digests.values(), key=len, default={})
        cells = [f"{found[kind][0]:,}" if kind in found else "-" for kind in (ROWS, LAST, KEYS)]
        print(f"| {answer.question.name} | {' | '.join(cells)} |")
    starting = ", ".join(f"{name} {off[0]:.2f}" for name, off in taken_off.items())
    print(f"\nTaken off for the start of the tool, CPU seconds: {starting or 'nothing'}\n")


def prepare(args, work):
    """The log that is asked, made from the generator's where it is not there yet."""
    folder = args.logs or os.path.join(work, "logs")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "ten_thousand.jsonl")
    if not os.path.exists(path):
        write_logs(args.log, {"ten_thousand": path})
    return path


def run(args, work):
    """Asks everything and prints the tables; whether all answers agree."""
    notes = []
    tools = find_tools(args, work, notes)
    if not tools:
        raise SystemExit("none of the tools is there: " + "; ".join(notes))
    log = prepare(args, work)
    answers = [Answers(question) for question in QUESTIONS if not args.question or question.name in args.question]
    starts = {tool.name: [] for tool in tools if tool.start}
    print(f"Machine: {machine()}  ")
    # In a process of its own: see `compare_windows`.
    reader = multiprocessing.get_context("fork").Pool(1)
    for turn in range(args.rounds):
        for tool in tools:
            if tool.start and (sample := timed(tool.start, None)[0]):
                starts[tool.name].append(sample)
        for answer in answers:
            answer.ask(tools, log, work, reader)
            print(f"round {turn + 1}: {answer.question.name}", file=sys.stderr, flush=True)
    reader.terminate()
    taken_off = {name: [statistics.median(values) for values in zip(*found)] for name, found in starts.items() if found}
    print(f"Log: {os.path.getsize(log):,} bytes; one thread; medians of {args.rounds} rounds; load at the end {load()}  ")
    print("Versions: " + "; ".join(f"{tool.name} {tool.version}" for tool in tools) + "\n")
    for answer in answers:
        print(f"- {answer.question.name}: {answer.question.title}")
    print_tables(answers, tools, taken_off)
    for answer in answers:
        for name, kind in answer.question.weaker.items():
            print(f"- `*` {answer.question.name}, {name}: answers for the {kind} only")
        for text in answer.odd():
            print(f"- **{answer.question.name}: {text}**")
    for note in notes:
        print(f"- skipped: {note}")
    return not any(answer.odd() for answer in answers)
