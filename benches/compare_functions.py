#!/usr/bin/env python3
"""What a function of the program costs, beside a Python function in DuckDB and in Polars.

A function of ten operations decides for each event whether it goes on: as an expression, as a `fn` that
is put in the place of its call, and as a `fn` with statements, which is called; in DuckDB and Polars as a
function written in Python. One thread each, interleaved; CPU is user + system time of the whole process
(`wait4`), medians over the rounds. Of DuckDB and Polars the time that it takes to start Python and import
them is taken off. All must keep the same number of events.

    python3 -m venv /tmp/venv && /tmp/venv/bin/pip install duckdb polars
    cargo bench --bench generate -- --events 1000000 --shape flat --seed 1 --out flat.jsonl
    cargo build --release
    /tmp/venv/bin/python benches/compare_functions.py flat.jsonl --rounds 5
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

EVENT = """event HttpRequest:
    amount: float
    risk: float
    bytes: int

"""

EXPRESSION = """stream Out = HttpRequest
    .where((amount * 1.5 + risk) * 0.01 - bytes * 0.001 + (if amount * risk > 200.0 then amount - 200.0 else risk / 2.0) > 400.0)
    .emit(amount: amount)
"""

INLINED = """fn worth(amount: float, risk: float, bytes: int) -> float:
    let base = (amount * 1.5 + risk) * 0.01 - bytes * 0.001
    return base + (if amount * risk > 200.0 then amount - 200.0 else risk / 2.0)

stream Out = HttpRequest .where(worth(amount, risk, bytes) > 400.0) .emit(amount: amount)
"""

CALLED = """fn worth(amount: float, risk: float, bytes: int) -> float:
    var sum = (amount * 1.5 + risk) * 0.01
    sum -= bytes * 0.001
    if amount * risk > 200.0:
        sum += amount - 200.0
    else:
        sum += risk / 2.0
    return sum

stream Out = HttpRequest .where(worth(amount, risk, bytes) > 400.0) .emit(amount: amount)
"""

PYTHON = """
def worth(amount, risk, size):
    total = (amount * 1.5 + risk) * 0.01
    total -= size * 0.001
    if amount * risk > 200.0:
        total += amount - 200.0
    else:
        total += risk / 2.0
    return total
"""

DUCKDB = (
    "import duckdb, sys\n"
    + PYTHON
    + """
if len(sys.argv) > 1:
    con = duckdb.connect()
    con.execute("SET threads = 1")
    con.create_function("worth", worth, ["DOUBLE", "DOUBLE", "BIGINT"], "DOUBLE")
    columns = "{event_type: 'VARCHAR', amount: 'DOUBLE', risk: 'DOUBLE', bytes: 'BIGINT'}"
    log = f"read_json('{sys.argv[1]}', format = 'newline_delimited', columns = {columns})"
    rows = con.execute(
        f"SELECT amount FROM {log} WHERE event_type = 'HttpRequest' AND worth(amount, risk, bytes) > 400.0"
    ).fetchall()
    print(len(rows))
"""
)

POLARS = (
    "import polars as pl, sys\n"
    + PYTHON
    + """
if len(sys.argv) > 1:
    schema = {"event_type": pl.String, "amount": pl.Float64, "risk": pl.Float64, "bytes": pl.Int64}
    rows = (
        pl.scan_ndjson(sys.argv[1], schema=schema)
        .filter(pl.col("event_type") == "HttpRequest")
        .filter(
            pl.struct("amount", "risk", "bytes").map_elements(
                lambda row: worth(row["amount"], row["risk"], row["bytes"]), return_dtype=pl.Float64
            )
            > 400.0
        )
        .select("amount")
        .collect()
    )
    print(rows.height)
"""
)


def cpu(command, env=None):
    """CPU seconds and output of a command."""
    with tempfile.TemporaryFile("w+") as out:
        child = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, env=env)
        _, status, used = os.wait4(child.pid, 0)
        if status:
            raise SystemExit(f"{command[0]} failed")
        out.seek(0)
        return used.ru_utime + used.ru_stime, out.read()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("log")
    parser.add_argument("--varpulis", default=os.path.join(ROOT, "target", "release", "varpulis"))
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    env = {**os.environ, "POLARS_MAX_THREADS": "1"}
    folder = tempfile.mkdtemp()
    runs = {}
    for name, text in [("expression", EXPRESSION), ("fn, in its place", INLINED), ("fn, called", CALLED)]:
        path = os.path.join(folder, f"{len(runs)}.vpl")
        with open(path, "w") as file:
            file.write(EVENT + text)
        runs[name] = ([args.varpulis, "run", path, "--input", args.log, "--quiet", "--threads", "1"], None)
    for name, text in [("DuckDB, Python function", DUCKDB), ("Polars, Python function", POLARS)]:
        path = os.path.join(folder, f"{len(runs)}.py")
        with open(path, "w") as file:
            file.write(text)
        runs[name] = ([sys.executable, path, args.log], [sys.executable, path])
    times = {name: [] for name in runs}
    counts = {}
    for _ in range(args.rounds):
        for name, (command, idle) in runs.items():
            used, out = cpu(command, env)
            counts[name] = int(out) if idle else out.count("\n")
            times[name].append(used - (cpu(idle, env)[0] if idle else 0.0))
    ours = statistics.median(times["expression"])
    print("| | CPU s | times the expression | events kept |\n|---|--:|--:|--:|")
    for name in runs:
        used = statistics.median(times[name])
        print(f"| {name} | {used:.2f} | {used / ours:.1f} | {counts[name]:,} |")
    if len(set(counts.values())) > 1:
        raise SystemExit("the counts differ")


if __name__ == "__main__":
    main()
