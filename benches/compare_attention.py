"""Is attention worth it? Detectors and rankings against simpler ones, over data of which it is known what happened.

    cargo build --release
    python3 benches/compare_attention.py --nab
    python3 benches/compare_attention.py --nab --sweep
    python3 benches/compare_attention.py --logs

`--nab`: over four labelled series of the Numenta Anomaly Benchmark, `attention_novelty` against a rolling
z-score and a threshold. Each detector has one setting for all series, and all are programs of
`testdata/attention` with the same cooldown. Mean and standard deviation, where a detector needs them, are
those of the part of a series that everybody may look at before and in which nothing counts: the first
15 %, at most 750 readings, as in the benchmark. A labelled window is found if an alarm falls into it;
alarms outside of all windows are false. With `--sweep` also for other values of what each detector compares
with: what more windows cost in false alarms.

`--logs`: over two recordings of attacks, which steps of the attack are among the 20 events with the
highest `attention_outlier`. Beside it, over the same events and fields: the rarest combinations of the
fields' values, and the largest sums of the fields' own rarities, log(events / events with the value);
both count over the whole log, so they know more than the query, which looks back only; the sum also
over the fields that suit it best. Where events tie at the end of the 20, what can be expected of a draw
among them is given.

Needs nothing but Python. The settings were looked for on these very data; the tables say what is possible,
not what to expect of other data.
"""

import argparse
import collections
import datetime
import gzip
import json
import math
import os
import statistics
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DATA = os.path.join(ROOT, "testdata", "attention")
NAB = os.path.join(ROOT, "testdata", "logs", "nab")

SERIES = [
    "machine_temperature_system_failure",
    "cpu_utilization_asg_misconfiguration",
    "ec2_network_in_257a54",
    "elb_request_count_8c0756",
]
# Name, program, whether it is told the mean and the standard deviation of the start, and other settings of
# `above` than its own.
DETECTORS = [
    ("attention novelty", "nab-novelty.vpl", True, [0.99, 0.992, 0.994, 0.996, 0.998, 0.999]),
    ("rolling z-score", "nab-rolling-z.vpl", False, [4, 4.5, 5, 5.25, 6, 8]),
    ("threshold", "nab-threshold.vpl", True, [2, 3, 4.5, 6, 9, 12]),
]
WEEK = 7 * 24 * 3600

# Name, log, program and labels, arguments, the fields, those with which the sum of rarities finds the most of all
# that were tried, and which events the query looks at.
RANKINGS = [
    (
        "cloudtrail",
        os.path.join(ROOT, "testdata", "logs", "cloudtrail", "cloudtrail.jsonl.gz"),
        "cloudtrail",
        ["--type-field", "eventName", "--time-field", "eventTime"],
        ["eventName", "eventSource", "errorCode", "userIdentity.arn"],
        ["eventName", "eventSource", "errorCode"],
        lambda event: path(event, "userIdentity.arn") is not None and path(event, "userIdentity.invokedBy") is None,
    ),
    (
        "mordor-security",
        os.path.join(DATA, "mordor-security.jsonl.gz"),
        "mordor-security",
        ["--type-field", "Channel", "--time-field", "@timestamp"],
        ["Category", "EventType", "SubjectUserName", "IpAddress"],
        ["EventID", "EventType"],
        lambda event: True,
    ),
]
TOP = 20


def run(varpulis, query, log, arguments):
    """The rows that a query gives over a log."""
    command = [varpulis, "run", os.path.join(DATA, query), "--input", log, "--quiet", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def read(log):
    with gzip.open(log, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def seconds(text):
    return datetime.datetime.fromisoformat(text.rstrip("Z")).replace(tzinfo=datetime.timezone.utc).timestamp()


class Judged:
    """What a detector's alarms over a series are worth."""

    def __init__(self, alarms, windows, start, end):
        counted = [alarm for alarm in alarms if alarm >= start]
        self.firsts = []
        for begin, finish, _ in windows:
            self.firsts.append(min((alarm for alarm in counted if begin <= alarm <= finish), default=None))
        inside = sum(any(begin <= alarm <= finish for begin, finish, _ in windows) for alarm in counted)
        self.false = len(counted) - inside
        # The moment that is labelled, less the first alarm, in hours.
        self.early = [
            (window[2] - first) / 3600 for window, first in zip(windows, self.firsts) if first is not None
        ]
        self.found, self.windows = len(self.early), len(windows)
        self.weeks = (end - start - sum(finish - begin for begin, finish, _ in windows)) / WEEK


def moments(labels):
    """The windows with the first labelled moment in each."""
    out = []
    for begin, finish in labels["windows"]:
        begin, finish = seconds(begin), seconds(finish)
        inside = [seconds(label) for label in labels["labels"] if begin <= seconds(label) <= finish]
        out.append((begin, finish, min(inside)))
    return out


class Series:
    """A series with what is known of it."""

    def __init__(self, name, labels):
        self.log = os.path.join(NAB, f"{name}.jsonl.gz")
        readings = sorted((seconds(row["timestamp"]), row["value"]) for row in read(self.log))
        first = int(0.15 * min(len(readings), 5000))
        seen = [value for _, value in readings[:first]]
        self.told = ["--param", f"mean={statistics.fmean(seen)!r}", "--param", f"std={statistics.pstdev(seen)!r}"]
        self.windows = moments(labels)
        self.start, self.end = readings[first][0], readings[-1][0]

    def judge(self, varpulis, query, needs, above=None):
        arguments = self.told if needs else []
        if above is not None:
            arguments = [*arguments, "--param", f"above={above}"]
        alarms = [seconds(row["ts"]) for row in run(varpulis, query, self.log, arguments)]
        return Judged(alarms, self.windows, self.start, self.end)


def nab(varpulis, sweep):
    with open(os.path.join(NAB, "labels.json"), encoding="utf-8") as file:
        labels = json.load(file)
    every = {name: Series(name, labels[name]) for name in SERIES}
    judged = {}
    for name, query, needs, _ in DETECTORS:
        for series in SERIES:
            judged[series, name] = every[series].judge(varpulis, query, needs)
    print_nab(judged)
    if not sweep:
        return
    print("All series, with other values of `above`:\n")
    print("| detector | above | found | false alarms a week |\n|---|--:|--:|--:|")
    for name, query, needs, others in DETECTORS:
        for above in others:
            whole = [every[series].judge(varpulis, query, needs, above) for series in SERIES]
            found, false = sum(one.found for one in whole), sum(one.false for one in whole)
            print(f"| {name} | {above} | {found} | {false / sum(one.weeks for one in whole):.2f} |", flush=True)
    print()


def print_nab(judged):
    names = [name for name, *_ in DETECTORS]
    print("Labelled windows found, of how many; false alarms a week:\n")
    print("| series | " + " | ".join(names) + " |")
    print("|---|" + "---|" * len(names))
    for series in SERIES:
        cells = [cell([judged[series, name]]) for name in names]
        print(f"| `{series}` | " + " | ".join(cells) + " |")
    whole = {name: [judged[series, name] for series in SERIES] for name in names}
    print("| all | " + " | ".join(f"**{cell(whole[name])}**" for name in names) + " |")
    cells = []
    for name in names:
        early = [hours for one in whole[name] for hours in one.early]
        cells.append(f"{statistics.median(early):+.1f} h" if early else "")
    print("| first alarm before the labelled moment, median | " + " | ".join(cells) + " |\n")


def cell(judged):
    found, windows = sum(one.found for one in judged), sum(one.windows for one in judged)
    false, weeks = sum(one.false for one in judged), sum(one.weeks for one in judged)
    return f"{found} of {windows}; {false / weeks:.2f} ({false} in {weeks:.1f} weeks)"


def path(event, field):
    """The value at a dotted path, none where there is nothing."""
    for name in field.split("."):
        event = event.get(name) if isinstance(event, dict) else None
    return event


class Ranking:
    """Events by score: how many steps of the attack are at the top."""

    def __init__(self, rows, steps):
        # Each a score and the step that the event is of, if of any. Scores that differ in their last
        # digits only are equal.
        self.rows = sorted(((round(score, 9), steps.get(key)) for key, score in rows), key=lambda row: -row[0])
        self.steps = sum(step is not None for _, step in self.rows)

    def ties(self):
        """Groups of equal score: rank of the first, the steps in it."""
        groups = collections.OrderedDict()
        for at, (score, step) in enumerate(self.rows):
            groups.setdefault(score, (at + 1, []))[1].append(step)
        return groups.values()

    def expected(self, top):
        """Steps of the attack among the first `top`, where ties are broken by a draw."""
        hits = 0.0
        for rank, group in self.ties():
            taken = min(max(top + 1 - rank, 0), len(group))
            hits += taken * sum(step is not None for step in group) / len(group)
        return hits

    def kinds(self, top):
        """Expected kinds of steps among the first `top`, where ties are broken by a draw."""
        missed = {}
        for rank, group in self.ties():
            taken = min(max(top + 1 - rank, 0), len(group))
            for kind, count in collections.Counter(step for step in group if step is not None).items():
                # None of `count` is among `taken` of the group.
                chance = math.comb(len(group) - count, taken) / math.comb(len(group), taken)
                missed[kind] = missed.get(kind, 1.0) * chance
        return sum(1 - chance for chance in missed.values())

    def ranks(self, top):
        """Ranks of the steps up to `top`; of ties from rank to rank, and how many of them are steps."""
        out = []
        for rank, group in self.ties():
            hits = sum(step is not None for step in group)
            if hits and rank <= top:
                last = rank + len(group) - 1
                out.append(f"{rank}" if last == rank else f"{rank}-{last} ({hits})")
        return ", ".join(out)


def rarities(events, fields):
    """For each event how rare the combination of its values is, and the sum of how rare they are."""
    values = [tuple(json.dumps(path(event, field)) for field in fields) for event in events]
    together = collections.Counter(values)
    alone = [collections.Counter(column) for column in zip(*values)]
    total = len(events)
    for value in values:
        yield -together[value], sum(math.log(total / count[one]) for one, count in zip(value, alone))


def logs(varpulis):
    for name, log, query, arguments, fields, best, looked_at in RANKINGS:
        with open(os.path.join(DATA, f"{query}.labels.json"), encoding="utf-8") as file:
            labels = json.load(file)
        steps = {tuple(key): step for step, keys in labels["steps"].items() for key in keys}
        key = lambda row: tuple(path(row, field) for field in labels["key"])
        by_query = {}
        for k in (5, 20):
            rows = run(varpulis, f"{query}.vpl", log, [*arguments, "--param", f"k={k}"])
            by_query[k] = Ranking([(key(row), row["score"]) for row in rows if row["score"] is not None], steps)
        everything = read(log)
        events = [event for event in everything if looked_at(event)]
        keys = [key(event) for event in events]
        scores, others = list(rarities(events, fields)), list(rarities(events, best))
        rankings = [
            *((f"`attention_outlier(event, {k})`", ranking) for k, ranking in by_query.items()),
            ("rarest combination", Ranking(zip(keys, (together for together, _ in scores)), steps)),
            ("sum of rarities", Ranking(zip(keys, (alone for _, alone in scores)), steps)),
            (f"sum of rarities of {', '.join(best)}", Ranking(zip(keys, (alone for _, alone in others)), steps)),
        ]
        known = sum(key(event) in steps for event in everything)
        print(f"{name}: {len(everything):,} events, {known} steps of the attack of {len(labels['steps'])} kinds;")
        print(f"{len(events):,} events looked at, by {', '.join(fields)}\n")
        print(f"| ranking | steps in the first {TOP} | kinds of them | in the first 50 | in the first 100 |")
        print("|---|--:|--:|--:|--:|")
        chance = TOP * sum(key(event) in steps for event in events) / len(events)
        for title, ranking in rankings:
            cells = [ranking.expected(TOP), ranking.kinds(TOP), ranking.expected(50), ranking.expected(100)]
            print(f"| {title} | " + " | ".join(f"{value:.1f}" for value in cells) + " |")
        print(f"| by chance | {chance:.1f} | | {chance * 2.5:.1f} | {chance * 5:.1f} |")
        print()
        for k, ranking in by_query.items():
            print(f"Ranks by `attention_outlier(event, {k})` up to {TOP}: {ranking.ranks(TOP)}  ")
        print()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--varpulis", default=os.path.join(ROOT, "target", "release", "varpulis"))
    parser.add_argument("--nab", action="store_true", help="detectors over labelled series")
    parser.add_argument("--sweep", action="store_true", help="with --nab: also other values of what is compared with")
    parser.add_argument("--logs", action="store_true", help="rankings over recordings of attacks")
    args = parser.parse_args()
    if args.nab or not args.logs:
        nab(args.varpulis, args.sweep)
    if args.logs or not args.nab:
        logs(args.varpulis)


if __name__ == "__main__":
    main()
