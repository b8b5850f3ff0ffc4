#!/usr/bin/env python3
"""Files that the program writes hold the right values for other people's readers.

    python3 tests/interop.py PATH/TO/varpulis

needs `duckdb` and `pyarrow`. A log is made up, two programs run over it (one with declared types,
one that writes whole events) into every format, and what DuckDB and pyarrow read is compared with
the values that went in, which nothing but this file computes.
"""

import datetime
import json
import math
import pathlib
import subprocess
import sys
import tempfile

import duckdb
import pyarrow
import pyarrow.ipc
import pyarrow.parquet

EVENTS = 1000
EPOCH = datetime.datetime(2026, 1, 23, 10, tzinfo=datetime.timezone.utc)
EPOCH_NS = int(EPOCH.timestamp()) * 10**9

TYPED = """
event E:
    at: timestamp
    n: int?
    price: float?
    name: str?
    flag: bool?

stream T = E
    .emit(n: n, price: price, name: name, flag: flag, when: at, wait: 1500ms, ratio: price * 0.0 / 0.0,
          list: [n, n], record: { "dotted.name": n, deep: { name: name } })
"""
WHOLE = "stream W = E\n"

NAMES = ["plain", "", "comma, quote \" and\nline", "é🦀日本", "1", "null", None]
INTS = [0, 1, -1, 2**63 - 1, -(2**63), None]
FLOATS = [0.1, -0.0, 1e300, 5e-324, 12345.678, None]


def event(i):
    """The i-th event, with the nanoseconds of its time."""
    ns = EPOCH_NS + i * 1_000_000_000 + i % 3 * 123_456_789
    text = EPOCH + datetime.timedelta(seconds=i)
    fraction = f".{i % 3 * 123_456_789:09d}" if i % 3 else ""
    members = {
        "event_type": "E",
        "at": text.strftime("%Y-%m-%dT%H:%M:%S") + fraction + "Z",
        "n": INTS[i % len(INTS)],
        "price": FLOATS[i % len(FLOATS)],
        "name": NAMES[i % len(NAMES)],
        "flag": [True, False, None][i % 3],
        "deep": {"a": i, "list": [{"b": i / 2}] * (i % 3)} if i % 2 else None,
        "mixed": i if i % 2 else "text",
    }
    return ns, members


def typed_rows(events):
    """What `T` must be: times in nanoseconds."""
    for ns, e in events:
        yield {
            "stream": "T",
            "ts": ns,
            "n": e["n"],
            "price": e["price"],
            "name": e["name"],
            "flag": e["flag"],
            "when": ns,
            "wait": 1_500_000_000,
            "ratio": None if e["price"] is None else math.nan,
            "list": [e["n"], e["n"]],
            "record": {"dotted.name": e["n"], "deep": {"name": e["name"]}},
        }


def whole_rows(events):
    """What `W` must be."""
    for ns, e in events:
        row = {"stream": "W", "ts": ns, **e, "mixed": compact(e["mixed"])}
        yield row


def same(found, wanted):
    """Equal, NaN to NaN and -0.0 not to 0.0."""
    if isinstance(found, float) and isinstance(wanted, float):
        if math.isnan(found) or math.isnan(wanted):
            return math.isnan(found) and math.isnan(wanted)
        return found == wanted and math.copysign(1, found) == math.copysign(1, wanted)
    if isinstance(found, list) and isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    if isinstance(found, dict) and isinstance(wanted, dict):
        return list(found) == list(wanted) and all(same(found[k], wanted[k]) for k in found)
    return type(found) is type(wanted) and found == wanted


def compare(what, found, wanted):
    """Ends the test at the first row that differs."""
    found, wanted = list(found), list(wanted)
    assert len(found) == len(wanted), f"{what}: {len(found)} rows instead of {len(wanted)}"
    for at, (row, right) in enumerate(zip(found, wanted)):
        assert same(row, right), f"{what}: row {at} is\n  {row}\ninstead of\n  {right}"
    print(f"{what}: {len(found)} rows are right")


def plain(table):
    """The rows of a pyarrow table; times and durations as nanoseconds."""
    columns = {}
    for name, column in zip(table.column_names, table.columns):
        if pyarrow.types.is_timestamp(column.type):
            assert column.type == pyarrow.timestamp("ns", tz="UTC"), f"{name} is {column.type}"
            column = column.cast(pyarrow.int64())
        elif pyarrow.types.is_duration(column.type):
            assert column.type == pyarrow.duration("ns"), f"{name} is {column.type}"
            column = column.cast(pyarrow.int64())
        columns[name] = column.to_pylist()
    return [dict(zip(columns, cells)) for cells in zip(*columns.values())]


def by_duckdb(path, times):
    """The rows of a file as DuckDB reads it; the columns `times` as nanoseconds."""
    as_ns = ", ".join(f'epoch_ns("{name}") AS "{name}"' for name in times)
    table = duckdb.sql(f"SELECT * REPLACE ({as_ns}) FROM '{path}'")
    return [dict(zip(table.columns, row)) for row in table.fetchall()]


def run(binary, folder, program, output, *more):
    """Runs a program over the log; what went to stdout."""
    (folder / "query.vpl").write_text(program)
    command = [binary, "run", folder / "query.vpl", "--input", folder / "log.jsonl", "--time-field", "at", *more]
    return subprocess.run([*command, "--output", output, "--quiet"], check=True, stdout=subprocess.PIPE).stdout


def rfc3339(ns):
    """A time as the program writes it."""
    seconds, fraction = divmod(ns, 10**9)
    text = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return text + (f".{fraction:09d}" if fraction else "") + "Z"


def compact(value):
    """JSON as the program writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def check_jsonl(binary, folder, typed):
    """The same program as text: the typed files must not say anything else."""
    text = run(binary, folder, TYPED, "-").decode()
    times = {"ts": rfc3339, "when": rfc3339, "wait": lambda ns: ns / 1e9, "ratio": lambda _: None}
    wanted = ({k: times.get(k, lambda v: v)(v) for k, v in row.items()} for row in typed)
    compare("JSON lines", map(json.loads, text.splitlines()), wanted)


def check_typed(binary, folder, typed):
    """Declared types, in every format."""
    times = ["ts", "when"]
    run(binary, folder, TYPED, folder / "t.parquet")
    compare("Parquet by pyarrow", plain(pyarrow.parquet.read_table(folder / "t.parquet")), typed)
    compare("Parquet by DuckDB", by_duckdb(folder / "t.parquet", times), typed)
    run(binary, folder, TYPED, folder / "t.arrow")
    with pyarrow.memory_map(str(folder / "t.arrow")) as file:
        table = pyarrow.ipc.open_file(file).read_all()
        table.validate(full=True)
        compare("Arrow file by pyarrow", plain(table), typed)
    stream = run(binary, folder, TYPED, "-", "--output-format", "arrow")
    compare("Arrow stream by pyarrow", plain(pyarrow.ipc.open_stream(stream).read_all()), typed)


def check_csv(binary, folder, typed):
    """Cells by DuckDB, which takes empty text for null whatever its quotes."""
    for name in ["t.csv", "t.csv.gz", "t.tsv.zst"]:
        run(binary, folder, TYPED, folder / name)
        wanted = []
        for row in typed:
            nested = {name: compact(row[name]) for name in ["list", "record"]}
            wanted.append({**row, **nested, "wait": 1.5, "ratio": None, "name": row["name"] or None})
        columns = {name: "VARCHAR" for name in typed[0]}
        columns.update(ts="TIMESTAMP_NS", when="TIMESTAMP_NS", n="BIGINT", flag="BOOLEAN")
        columns.update(price="DOUBLE", wait="DOUBLE", ratio="DOUBLE")
        separator = "\t" if "tsv" in name else ","
        cells = duckdb.read_csv(str(folder / name), header=True, sep=separator, quotechar='"', escapechar='"',
                                columns=columns, auto_detect=False)
        rows = duckdb.sql('SELECT * REPLACE (epoch_ns(ts) AS ts, epoch_ns("when") AS "when") FROM cells')
        compare(f"{name} by DuckDB", (dict(zip(rows.columns, row)) for row in rows.fetchall()), wanted)


def check_whole(binary, folder, whole):
    """Whole events: columns and their types from the values."""
    run(binary, folder, WHOLE, folder / "w.parquet")
    compare("whole events by pyarrow", plain(pyarrow.parquet.read_table(folder / "w.parquet")), whole)
    compare("whole events by DuckDB", by_duckdb(folder / "w.parquet", ["ts"]), whole)


def check_folder(binary, folder, typed):
    """A folder has a file for every stream; and the bytes are those for any number of threads."""
    both = TYPED + "\nstream U = E.emit(n: n)\n"
    run(binary, folder, both, f"{folder}/out/", "--output-format", "parquet", "--threads", "1")
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["T.parquet", "U.parquet"]
    compare("a folder's file", plain(pyarrow.parquet.read_table(folder / "out" / "T.parquet")), typed)
    first = (folder / "out" / "T.parquet").read_bytes()
    run(binary, folder, both, f"{folder}/out/", "--output-format", "parquet", "--threads", "4", "--morsel-bytes", "999")
    assert first == (folder / "out" / "T.parquet").read_bytes(), "the bytes depend on threads"


def main(binary):
    """Runs all checks."""
    events = [event(i) for i in range(EVENTS)]
    typed, whole = list(typed_rows(events)), list(whole_rows(events))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        with open(folder / "log.jsonl", "w", encoding="utf-8") as log:
            log.writelines(json.dumps(members, ensure_ascii=False) + "\n" for _, members in events)
        check_jsonl(binary, folder, typed)
        check_typed(binary, folder, typed)
        check_csv(binary, folder, typed)
        check_whole(binary, folder, whole)
        check_folder(binary, folder, typed)


if __name__ == "__main__":
    main(sys.argv[1])
