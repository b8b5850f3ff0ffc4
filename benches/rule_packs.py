"""Packs of detection rules over the generator's log, in VarpulisQL and as SQL conditions.

Each rule asks for an event type and one or two fields: equality, lists, beginnings, ends, parts, regular
expressions, networks and ranges in turn, each of them rare. The n-th rule is the same in every pack.
"""

import random

TYPES = ["HttpRequest", "Login", "FileAccess", "Payment", "LoginFailed", "Logout", "ProcessStart"]
REGIONS = ["us-east-1", "ap-south-1", "sa-east-1", "us-west-2", "eu-west-1", "eu-central-1"]
STATUSES = [200, 201, 304, 403, 404, 500]


def user(rng):
    return f"user{rng.randrange(100, 10000):05}"


def hex_digits(rng, n):
    return "".join(rng.choice("0123456789abcdef") for _ in range(n))


def rule(number):
    """A rule: its event type, its condition in VarpulisQL, and in ClickHouse's SQL."""
    rng = random.Random(number)
    event = TYPES[number % len(TYPES)]
    form = number // len(TYPES) % 10
    if form == 0:
        name, status = user(rng), rng.choice(STATUSES)
        return event, f'user == "{name}" and status == {status}', f"user = '{name}' and status = {status}"
    if form == 1:
        net = f"10.{rng.randrange(4)}.{rng.randrange(256)}."
        return event, f'starts_with(ip, "{net}")', f"startsWith(ip, '{net}')"
    if form == 2:
        part, region = hex_digits(rng, 4), rng.choice(REGIONS)
        return (
            event,
            f'contains(session, "{part}") and region == "{region}"',
            f"position(session, '{part}') > 0 and region = '{region}'",
        )
    if form == 3:
        end = hex_digits(rng, 4)
        return event, f'ends_with(session, "{end}")', f"endsWith(session, '{end}')"
    if form == 4:
        names = [user(rng) for _ in range(5)]
        return (
            event,
            f"user in [{', '.join(f'{chr(34)}{name}{chr(34)}' for name in names)}] and risk > 0.9",
            f"user in ({', '.join(f'{chr(39)}{name}{chr(39)}' for name in names)}) and risk > 0.9",
        )
    if form == 5:
        b, c = rng.randrange(4), rng.randrange(256)
        return (
            event,
            f'cidr_match(ip, "10.{b}.{c}.0/24")',
            f"isIPAddressInRange(ip, '10.{b}.{c}.0/24')",
        )
    if form == 6:
        a, b = hex_digits(rng, 3), hex_digits(rng, 1)
        return event, f'regex_match(session, "{a}[0-9]*{b}$")', f"match(session, '{a}[0-9]*{b}$')"
    if form == 7:
        least, region = 990 + rng.randrange(99) / 10, rng.choice(REGIONS)
        return (
            event,
            f'region == "{region}" and amount > {least:.1f}',
            f"region = '{region}' and amount > {least:.1f}",
        )
    if form == 8:
        a, b = hex_digits(rng, 2), hex_digits(rng, 2)
        return event, f'like(session, "{a}%{b}")', f"session like '{a}%{b}'"
    size = rng.randrange(100000)
    return event, f"bytes == {size} or bytes == {size + 1}", f"bytes = {size} or bytes = {size + 1}"


def varpulis_program(n):
    lines = []
    for event in TYPES:
        lines.append(f"event {event}:")
        fields = [("user", "str"), ("ip", "str"), ("region", "str"), ("session", "str"), ("status", "int")]
        fields += [("bytes", "int"), ("amount", "float"), ("risk", "float")]
        lines += [f"    {field}: {kind}?" for field, kind in fields]
        lines.append("")
    for number in range(n):
        event, condition, _ = rule(number)
        lines.append(f"stream Rule{number} = {event}.where({condition}).emit(user: user)")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    import sys

    print(varpulis_program(int(sys.argv[1])), end="")
