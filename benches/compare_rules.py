"""Side by side, the suite `rules`: packs of 1 to 10,000 detection rules over one log.

Varpulis and ClickHouse (chdb) run the packs of `rule_packs.py` with one thread each, under the rules of
`compare.py`, which runs this file:

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install chdb
    cargo bench --bench generate -- --events 1000000 --shape flat --seed 1 --out flat.jsonl
    cargo build --release
    /tmp/venv/bin/python benches/compare.py flat.jsonl --suite rules --rounds 3

Each tool writes a row for every rule that an event satisfies. In ClickHouse a pack is one array of
conditions, which was faster there than a query for each rule, by far. `every row` is Varpulis without its
index over filters; the cost of one rule is that of the pack `1`, both with the raw text searched for what the
rule needs and (`all read`) with every record read, as larger packs need it.
"""

import json
import os
import statistics
import sys
from collections import Counter

from compare import load, machine, timed, version
from rule_packs import rule, varpulis_program


class Pack:
    def __init__(self, rules):
        self.rules, self.name = rules, str(rules)


QUESTIONS = [Pack(rules) for rules in (1, 100, 1000, 10000)]

COLUMNS = (
    "event_type String, user String, ip String, region String, session String, status Int64, bytes Int64, "
    "amount Float64, risk Float64"
)


def chdb_script(pack, log, out):
    conditions = []
    for number in range(pack.rules):
        event, _, condition = rule(number)
        conditions.append(f"if(event_type = '{event}' and ({condition}), {number}, -1)")
    columns = COLUMNS.replace("'", "\\'")
    query = (
        f"SELECT concat('Rule', toString(arrayJoin(arrayFilter(n -> n >= 0, [{', '.join(conditions)}])))) AS stream, user "
        f"FROM file('{log}', 'JSONEachRow', '{columns}') "
        "SETTINGS max_threads = 1, input_format_parallel_parsing = 0, output_format_parallel_formatting = 0, "
        "input_format_skip_unknown_fields = 1, max_query_size = 100000000, max_ast_elements = 10000000, "
        "max_expanded_ast_elements = 10000000, max_parser_depth = 100000"
    )
    return f"import chdb\nr = chdb.query({query!r}, 'JSONEachRow')\nopen({out!r}, 'wb').write(r.bytes())\n"


def find_tools(args, work, notes):
    """Name, version and command (by pack and output) of each tool, and a command that only starts it."""
    tools = []

    def varpulis(*more):
        def command(pack, out):
            path = os.path.join(work, f"{pack.name}.vpl")
            with open(path, "w") as file:
                file.write(varpulis_program(pack.rules))
            run = [args.varpulis, "run", path, "--input", args.log, "--threads", "1", "--quiet", "--output", out]
            return [*run, *more]

        return command

    found = version([args.varpulis, "--version"])
    if found:
        tools.append(("varpulis", found, varpulis(), None))
        tools.append(("varpulis, all read", "", varpulis("--no-prefilter"), None))
        tools.append(("varpulis, every row", "", varpulis("--no-prefilter", "--no-index"), None))
    else:
        notes.append(f"varpulis: no program at {args.varpulis}")

    def chdb(pack, out):
        path = os.path.join(work, f"{pack.name}.py")
        with open(path, "w") as file:
            file.write(chdb_script(pack, args.log, out))
        return [args.python, path]

    found = version([args.python, "-c", "import chdb; print(chdb.__version__)"])
    if found:
        tools.append(("ClickHouse (chdb)", found, chdb, [args.python, "-c", "import chdb"]))
    else:
        notes.append("ClickHouse (chdb): no Python module `chdb`")
    return tools


def answer(path):
    """How many rows each rule has, with their users added up: the same whatever the order."""
    found = Counter()
    with open(path, "rb") as file:
        for line in file:
            row = json.loads(line)
            found[row["stream"], row["user"]] += 1
    return found


def run(args, work):
    """Runs all packs and prints a table; whether all answers agree."""
    notes, cpus, walls, answers = [], {}, {}, {}
    tools = find_tools(args, work, notes)
    packs = [pack for pack in QUESTIONS if not args.question or pack.name in args.question]
    starts = []
    print(f"Machine: {machine()}  ")
    for turn in range(args.rounds):
        for pack in packs:
            for name, _, command, start in tools:
                if name == "ClickHouse (chdb)" and pack.rules > 1000:
                    continue
                out = os.path.join(work, "rows")
                sample, error = timed(command(pack, out), None)
                if start and (started := timed(start, None)[0]):
                    starts.append(started[0])
                if sample is None:
                    notes.append(f"{name}, {pack.name} rules: {' '.join(error)}")
                    continue
                cpus.setdefault((name, pack.rules), []).append(sample[0])
                walls.setdefault((name, pack.rules), []).append(sample[2])
                if turn == 0:
                    answers.setdefault(pack.rules, {})[name] = answer(out)
            print(f"round {turn + 1}: {pack.name} rules", file=sys.stderr, flush=True)
    print(f"Log: {os.path.getsize(args.log):,} bytes; one thread; medians of {args.rounds} rounds; load at the end {load()}  ")
    print("Versions: " + "; ".join(f"{name} {found}" for name, found, _, _ in tools if found) + "\n")
    print("CPU seconds, and as a multiple of one rule with all records read; peak MiB; rows\n")
    print("| rules | " + " | ".join(name for name, _, _, _ in tools) + " | rows |")
    print("|--:|" + "--:|" * (len(tools) + 1))
    one = statistics.median(cpus.get(("varpulis, all read", 1), [0.0]))
    agree = True
    for pack in packs:
        cells = []
        for name, _, _, start in tools:
            samples = cpus.get((name, pack.rules))
            if not samples:
                cells.append("")
                continue
            cpu = statistics.median(samples) - (statistics.median(starts) if start and starts else 0.0)
            memory = statistics.median(walls[name, pack.rules])
            cells.append(f"{cpu:.2f} ({cpu / one:.1f}), {memory:.0f}" if one else f"{cpu:.2f}, {memory:.0f}")
        found = list(answers.get(pack.rules, {}).values())
        same = all(other == found[0] for other in found)
        agree &= same
        rows = sum(found[0].values()) if found else 0
        print(f"| {pack.name} | " + " | ".join(cells) + f" | {rows}{'' if same else ', **the tools disagree**'} |")
    for note in dict.fromkeys(notes):
        print(f"- {note}")
    return agree
