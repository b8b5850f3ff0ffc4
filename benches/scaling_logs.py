"""The logs and programs of the suite `scaling`: `compare_scaling.py` runs them.

Everything is counted, nothing is drawn: the same numbers give the same bytes, and how many rows must
come out is known beforehand. Events are a millisecond apart, so that a log of a million spans 17 minutes.
"""

DAY = 1_767_225_600_000
# Of every event: a time, its number in the log, a key, two values, a text.
DECLARED = "".join(
    f"event {name}:\n    ts: timestamp\n    n: int\n    key: str\n    v: int\n    w: int\n    ip: str\n\n" for name in ("A", "B", "C")
)


class Log:
    """Writes events of the types A, B and C to a file."""

    def __init__(self, path):
        self.file, self.time, self.events = open(path, "w", buffering=1 << 20), DAY, 0

    def add(self, name, key="k", v=0, w=0, ip="10.0.0.1", count=1):
        """The same event, `count` times; of each its own time."""
        head, tail = f'{{"event_type":"{name}","ts":', f',"key":"{key}","v":{v},"w":{w},"ip":"{ip}"}}\n'
        for number in range(count):
            self.file.write(f'{head}{self.time + number},"n":{self.events + number}{tail}')
        self.time += count
        self.events += count

    def wait(self, seconds):
        self.time += seconds * 1000

    def close(self):
        self.file.close()
        return self.events


def program(body, *more):
    """A program with one stream; nothing of a match but a number is written."""
    return DECLARED + "stream Out = " + "\n    ".join([body, *more]) + "\n"


class Live:
    """`starts` runs that wait, and events that cannot advance any of them.

    What is measured is the cost of those events: that of the same log without them is taken off.
    """

    def __init__(self, name, title, body, start, probe, *more):
        self.name, self.title, self.start, self.probe = name, title, start, probe
        self.program = program(body, ".within(1h)", *more, ".emit(n: b.v)")

    def write(self, path, starts, probes):
        log = Log(path)
        for number in range(starts):
            log.add("A", **self.start(number))
        for number in range(probes):
            log.add("B", **self.probe(number))
        return log.close()


LIVE = [
    Live("own", "its own condition is false", "A as a -> B where w > 5 as b", lambda n: {}, lambda n: {}),
    Live(
        "partition",
        "the runs are of other keys",
        "A as a -> B as b",
        lambda n: {"key": f"k{n}"},
        lambda n: {"key": f"other{n % 100}"},
        ".partition_by(key)",
    ),
    Live(
        "equal",
        "no run has its value",
        "A as a -> B where v == a.v as b",
        lambda n: {"v": n},
        lambda n: {"v": -1 - n % 100},
    ),
    Live(
        "more",
        "all runs have a greater value",
        "A as a -> B where v > a.v as b",
        lambda n: {"v": 1000 + n * 7919 % 100_003},
        lambda n: {"v": n % 1000},
    ),
    Live(
        "other",
        "all runs have the same text, none another",
        "A as a -> B where ip != a.ip as b",
        lambda n: {},
        lambda n: {},
    ),
    Live(
        "two",
        "of two comparisons one holds for half of the runs, the other for the other half",
        "A as a -> B where v > a.v and w > a.w as b",
        lambda n: {"v": n % 2 * 1000, "w": (1 - n % 2) * 1000},
        lambda n: {"v": 500, "w": 500},
    ),
    Live(
        "between",
        "each run has an interval, and it lies in none",
        "A as a -> B where v > a.v and v < a.w as b",
        lambda n: {"v": n * 10, "w": n * 10 + 5},
        lambda n: {"v": n * 7919 % 100_003 * 10 + 7},
    ),
]


class Repetition:
    """Blocks of an A, `length` events B and a C; a row for each block."""

    def __init__(self, name, title, body, emit, rows=lambda blocks, length: blocks, value=lambda n: 1):
        self.name, self.title, self.rows, self.value = name, title, rows, value
        self.program = program(body, ".within(1h)", f".emit({emit})")

    def write(self, path, length, events):
        log, blocks = Log(path), max(1, events // (length + 2))
        for _ in range(blocks):
            log.add("A")
            for number in range(length):
                log.add("B", v=self.value(number))
            log.add("C")
        return log.close(), self.rows(blocks, length)


REPETITIONS = [
    Repetition("middle", "`A -> B+ -> C`, count and sum", "A as a -> B+ as bs -> C as c", "n: count(bs), s: sum(bs.v)"),
    Repetition("first", "`B{3,} -> C`: every B starts a run", "B{3,} as bs -> C as c", "n: count(bs), s: sum(bs.v)"),
    Repetition(
        "key",
        "`B{3,} -> C`, the C of the first B's text",
        "B{3,} as bs -> C where ip == bs[0].ip as c",
        "n: count(bs), last: bs[-1].v",
    ),
    Repetition(
        "rising",
        "`A -> B+ -> C`, each B greater than the one before",
        "A as a -> B+ where v > bs[-1].v as bs -> C as c",
        "n: count(bs), last: last(bs.v)",
        value=lambda n: n + 1,
    ),
    Repetition(
        "bounded",
        "`A -> B+ -> C`, as long as the sum is small",
        "A as a -> B+ where sum(bs.v) < 1000000000 as bs -> C as c",
        "n: count(bs), s: sum(bs.v)",
    ),
]


class Trace:
    """Two logs of the same length for one program: a benign and an adversarial one.

    Of all matches only that of the first event is written, so that it is the finding that is compared.
    """

    def __init__(self, name, title, body, benign, adversarial, *more, rows=lambda events: (1, 0), first="a"):
        self.name, self.title, self.benign, self.adversarial, self.rows = name, title, benign, adversarial, rows
        self.program = program(body, *more, f".where({first}.n == 0)", ".emit(n: 1)")

    @staticmethod
    def write(path, events, rows):
        log = Log(path)
        for number in range(events):
            log.add(**rows(number))
        return log.close()


def pairs(key, a, b):
    """A and B in turn, two of each pair with the same key."""
    return lambda n: {"name": "AB"[n % 2], "key": key(n // 2), **(a, b)[n % 2]}


TRACES = [
    Trace(
        "no end",
        "one key, all starts and no end; against pairs of 1,000 keys",
        "A as a -> B as b",
        pairs(lambda n: f"k{n % 1000}", {}, {}),
        lambda n: {"name": "A"},
        ".partition_by(key)",
        ".within(1h)",
    ),
    Trace(
        "no end, repeated",
        "one key, `A{3,} -> B` without a B; against a B after each four",
        "A{3,} as a -> B as b",
        lambda n: {"name": "AAAAB"[n % 5], "key": f"k{n // 5 % 1000}"},
        lambda n: {"name": "A"},
        ".partition_by(key)",
        ".within(1h)",
        first="a[0]",
    ),
    Trace(
        "deadlines",
        "one key, `A -> not B` with no B; against pairs",
        "A as a -> not B within 10s",
        pairs(lambda n: f"k{n % 1000}", {}, {}),
        lambda n: {"name": "A"},
        ".partition_by(key)",
        # The first deadline comes with the event after the ten-thousandth.
        rows=lambda events: (0, int(events > 10_001)),
    ),
    Trace(
        "never more",
        "`v > a.v` never holds; against one that always does",
        "A as a -> B where v > a.v as b",
        pairs(lambda n: "k", {"v": 1}, {"v": 2}),
        pairs(lambda n: "k", {"v": 2}, {"v": 1}),
        ".partition_by(key)",
        ".within(1h)",
    ),
    Trace(
        "never other",
        "`ip != a.ip` never holds; against one that always does",
        "A as a -> B where ip != a.ip as b",
        pairs(lambda n: "k", {}, {"ip": "10.0.0.2"}),
        pairs(lambda n: "k", {}, {}),
        ".partition_by(key)",
        ".within(1h)",
    ),
    Trace(
        "never two",
        "`v > a.v and w < a.w` never holds, though each does of half the runs; against one that always does",
        "A as a -> B where v > a.v and w < a.w as b",
        pairs(lambda n: "k", {"v": 1, "w": 2}, {"v": 2, "w": 1}),
        lambda n: {"name": "AB"[n % 2], "v": (n // 2 % 2 * 1000, 500)[n % 2], "w": (n // 2 % 2 * 1000, 500)[n % 2]},
        ".partition_by(key)",
        ".within(1h)",
    ),
    Trace(
        "never third",
        "`A -> B -> C where v > a.v + b.v` never holds; against one that always does",
        "A as a -> B as b -> C where v > a.v + b.v as c",
        lambda n: {"name": "ABC"[n % 3], "v": (1, 1, 3)[n % 3]},
        lambda n: {"name": "ABC"[n % 3], "v": (2, 2, 3)[n % 3]},
        ".partition_by(key)",
        ".within(1h)",
    ),
]


class Matches:
    """All combinations, under `.stam()`: blocks of starts and one end, further apart than `within`.

    What is measured is the delay per match: the cost of the same log without the ends is taken off.
    """

    def __init__(self, name, title, body, emit, sizes, block):
        self.name, self.title, self.sizes, self.block = name, title, sizes, block
        self.program = program(body, ".stam()", ".within(1m)", f".emit({emit})")

    def write(self, path, size, blocks, ends):
        log = Log(path)
        for _ in range(blocks):
            for name, count in self.block(size):
                log.add(name, count=count)
            if ends:
                log.add("C")
            log.wait(120)
        return log.close()


# The sizes of a block for about 1,000 and about 1,000,000 matches, and how many they are.
MATCHES = [
    Matches(
        "steps",
        "`A -> B -> C`: as many A as B, then a C",
        "A as a -> B as b -> C as c",
        "n: c.v",
        {32: 32 * 32, 100: 100 * 100, 1000: 1000 * 1000},
        lambda size: [("A", size), ("B", size)],
    ),
    Matches(
        "subsets",
        "`A -> B+ -> C`: an A, some B, then a C: every subset",
        "A as a -> B+ as bs -> C as c",
        "n: count(bs)",
        {10: 2**10 - 1, 13: 2**13 - 1, 20: 2**20 - 1},
        lambda size: [("A", 1), ("B", size)],
    ),
]
