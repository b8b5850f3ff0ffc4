"""The suite `scaling`: what an event costs Varpulis when runs, repetitions and matches grow.

The logs and programs are those of `scaling_logs.py`; there is nothing to compare with but the tool itself,
and how many rows must come out is known. `compare.py` runs this file:

    cargo build --release
    python3 benches/compare.py --suite scaling --rounds 3

`--events` is the length of the logs of the first two tables and the number of matches of the last (a fifth of
it that of the traces); sizes above a tenth of it are left out. All figures are CPU time of the whole process,
so that reading the log is in them; where a part of it is to be taken off, a log without that part is run too.
"""

import os
import statistics
import sys

from compare import load, machine, timed, version
from scaling_logs import LIVE, MATCHES, REPETITIONS, TRACES

RUNS = (1, 1_000, 100_000)
LENGTHS = (10, 1_000, 100_000)


class Part:
    def __init__(self, name, title, measure):
        self.name, self.title, self.measure = name, title, measure


class Runner:
    """Runs programs over logs, and keeps what went wrong."""

    def __init__(self, args, work):
        self.args, self.work, self.wrong = args, work, []

    def path(self, name):
        return os.path.join(self.work, name)

    def costs(self, name, program, logs):
        """Median CPU seconds and peak memory of each log (path, and the rows that must come), interleaved."""
        query, out = self.path("query.vpl"), self.path("rows.jsonl")
        with open(query, "w") as file:
            file.write(program)
        samples = {key: [] for key in logs}
        for _ in range(self.args.rounds):
            for key, (log, expected) in logs.items():
                command = [self.args.varpulis, "run", query, "--input", log, "--threads", "1", "--quiet", "--output", out]
                sample, error = timed(command, None)
                if sample is None:
                    self.wrong.append(f"{name}, {key}: {' '.join(error)}")
                    continue
                samples[key].append((sample[0], sample[2]))
                with open(out, "rb") as file:
                    rows = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
                if rows != expected:
                    self.wrong.append(f"{name}, {key}: {rows:,} rows instead of {expected:,}")
        for log, _ in logs.values():
            os.remove(log)
        print(f"measured: {name}", file=sys.stderr, flush=True)
        return {key: tuple(statistics.median(values) for values in zip(*found)) for key, found in samples.items() if found}


def table(title, heads, rows):
    print(f"\n{title}:\n\n| " + " | ".join(heads) + " |\n|---|" + "--:|" * (len(heads) - 1))
    for row in rows:
        print("| " + " | ".join(row) + " |")


def cells(sizes, found, unit):
    """A cell for each size (`found` is a cost and MiB of each), and the ratio of the last to the one before."""
    out = [f"{found[size][0]:.1f} {unit}, {found[size][1]:.0f} MiB" if size in found else "-" for size in sizes]
    measured = [found[size][0] for size in sizes if size in found]
    ratio = f"{measured[-1] / measured[-2]:.2f}" if len(measured) > 1 and measured[-2] > 0 else "-"
    return [*out, ratio]


def live(runner):
    """Events that cannot advance any of the runs: their cost with more and more runs."""
    probes = runner.args.events
    sizes = [size for size in RUNS if size <= probes // 10]
    rows = []
    for shape in LIVE:
        logs = {}
        for size in sizes:
            for more in (0, probes):
                path = runner.path(f"{size}_{more}.jsonl")
                shape.write(path, size, more)
                logs[size, more] = (path, 0)
        costs = runner.costs(f"live {shape.name}", shape.program, logs)
        found = {}
        for size in sizes:
            if (size, 0) in costs and (size, probes) in costs:
                cpu, memory = costs[size, probes]
                found[size] = ((cpu - costs[size, 0][0]) / probes * 1e9, memory)
        rows.append([f"{shape.name}: {shape.title}", *cells(sizes, found, "ns")])
    heads = ["live runs", *(f"{size:,}" for size in sizes), "ratio of the last two"]
    table(f"Cost of an event that cannot advance any run, {probes:,} of them (the starts are taken off)", heads, rows)


def repetitions(runner):
    """The same number of events in longer and longer repetitions."""
    sizes = [size for size in LENGTHS if size <= runner.args.events // 10]
    rows = []
    for shape in REPETITIONS:
        logs, events = {}, {}
        for size in sizes:
            path = runner.path(f"{size}.jsonl")
            events[size], expected = shape.write(path, size, runner.args.events)
            logs[size] = (path, expected)
        costs = runner.costs(f"repetition {shape.name}", shape.program, logs)
        found = {size: (cpu / events[size] * 1e9, memory) for size, (cpu, memory) in costs.items()}
        rows.append([f"{shape.name}: {shape.title}", *cells(sizes, found, "ns")])
    heads = ["elements", *(f"{size:,}" for size in sizes), "ratio of the last two"]
    table(f"Cost per event of logs with repetitions, {runner.args.events:,} events", heads, rows)


def traces(runner):
    """Adversarial traces against benign ones of the same length."""
    # As many as there are in 200,000 starts (with as many ends where there are ends).
    events = runner.args.events // 5
    rows = []
    for shape in TRACES:
        logs = {}
        for name, each, expected in zip(("benign", "adversarial"), (shape.benign, shape.adversarial), shape.rows(events)):
            path = runner.path(f"{name}.jsonl")
            shape.write(path, events, each)
            logs[name] = (path, expected)
        costs = runner.costs(f"trace {shape.name}", shape.program, logs)
        found = {name: (cpu / events * 1e9, memory) for name, (cpu, memory) in costs.items()}
        rows.append([f"{shape.name}: {shape.title}", *cells(list(logs), found, "ns")])
    table(f"Cost per event of adversarial traces, {events:,} events", ["trace", "benign", "adversarial", "ratio"], rows)


def matches(runner):
    """The delay per match under `.stam()` with more and more matches that end at one event."""
    total = runner.args.events
    for shape in MATCHES:
        # 2^20 are a million too.
        sizes = [size for size, count in shape.sizes.items() if count <= total * 1.05]
        found = {}
        for size in sizes:
            # Of each size as many blocks as make about the same number of matches.
            blocks = max(1, total // shape.sizes[size])
            logs = {}
            for ends in (False, True):
                path = runner.path(f"{size}_{ends}.jsonl")
                shape.write(path, size, blocks, ends)
                logs[f"{size}, {ends}"] = (path, blocks * shape.sizes[size] if ends else 0)
            costs = runner.costs(f"matches {shape.name}", shape.program, logs)
            if len(costs) == 2:
                (without, _), (cpu, memory) = costs.values()
                found[size] = ((cpu - without) / (blocks * shape.sizes[size]) * 1e9, memory)
        ratio = "-"
        if len(found) > 1:
            first, *_, last = found.values()
            ratio = f"{last[0] / first[0]:.2f}"
        heads = ["matches at one event", *(f"{shape.sizes[size]:,}" for size in sizes), "ratio of the last to the first"]
        row = [f"{shape.name}: {shape.title}", *cells(sizes, found, "ns")[:-1], ratio]
        table(f"Delay per match, about {total:,} matches (the same events without the ends are taken off)", heads, [row])


QUESTIONS = [
    Part("live", "live runs that the event cannot advance", live),
    Part("repetitions", "long repetitions", repetitions),
    Part("traces", "adversarial traces", traces),
    Part("matches", "many matches under `.stam()`", matches),
]


def run(args, work):
    """Measures everything and prints the tables; whether all counts are as they must be."""
    found = version([args.varpulis, "--version"])
    if not found:
        raise SystemExit(f"no program at {args.varpulis}")
    print(f"Machine: {machine()}  ")
    print(f"Version: {found}; one thread; medians of {args.rounds} rounds; CPU of the whole process")
    runner = Runner(args, work)
    for part in QUESTIONS:
        if not args.question or part.name in args.question:
            part.measure(runner)
    print(f"\nLoad at the end {load()}")
    for text in dict.fromkeys(runner.wrong):
        print(f"- **{text}**")
    return not runner.wrong
