//! Seeded logs that look like real ones.
//!
//! Eight event types, times in order with milliseconds, users and sessions that come back, escapes in
//! some texts, arrays, nested objects. The same seed gives the same bytes everywhere: integers only,
//! no clock, no hash. All shapes make the same draws, so a question has the same answer in each.

use std::fmt::Write as _;
use std::io::{self, Write};

/// How an event is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One level, about 220 bytes.
    Flat,
    /// `actor`, `ctx` and `ctx.device` are objects; about 230 bytes.
    Nested,
    /// One level, 40 more fields; about 900 bytes.
    Wide,
    /// The flat fields as CSV with a header.
    Csv,
}

impl Shape {
    /// The shape of a name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "flat" => Self::Flat,
            "nested" => Self::Nested,
            "wide" => Self::Wide,
            "csv" => Self::Csv,
            _ => return None,
        })
    }
}

/// The types and how many of 10,000 events are of each.
const TYPES: [(&str, u64); 8] = [
    ("HttpRequest", 4000),
    ("Login", 1800),
    ("FileAccess", 1600),
    ("Payment", 800),
    ("LoginFailed", 800),
    ("Logout", 699),
    ("ProcessStart", 300),
    ("KeyRotated", 1),
];

const REGIONS: [&str; 6] = [
    "eu-west-1",
    "eu-central-1",
    "us-east-1",
    "us-west-2",
    "ap-south-1",
    "sa-east-1",
];
const SYSTEMS: [&str; 4] = ["windows", "linux", "macos", "android"];
const TAGS: [&str; 5] = ["vpn", "mfa", "batch", "mobile", "api"];
const MESSAGES: [&str; 8] = [
    "request served from cache",
    "session opened by policy",
    "read \\\"C:\\\\data\\\\q4.xlsx\\\"",
    "payment accepted",
    "wrong password",
    "caf\u{e9} t\\u00eate-\\u00e0-t\\u00eate",
    "done",
    "line one\\nline two",
];

/// Draws numbers: SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators").
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn one_of(&mut self, items: &[&'static str]) -> &'static str {
        items[self.below(items.len() as u64) as usize]
    }
}

/// What is drawn for one event.
struct Event {
    kind: &'static str,
    time: String,
    user: u64,
    ip: [u64; 4],
    region: &'static str,
    system: &'static str,
    session: u64,
    status: u64,
    bytes: u64,
    cents: u64,
    risk: u64,
    ok: bool,
    tags: Vec<&'static str>,
    message: &'static str,
}

impl Event {
    fn draw(draws: &mut Draws, millis: u64) -> Self {
        // Half of the events are made by a hundredth of the users.
        let user = if draws.below(2) == 0 {
            draws.below(100)
        } else {
            draws.below(10_000)
        };
        Self {
            kind: draw_type(draws),
            time: rfc3339(millis),
            user,
            ip: [10, draws.below(4), draws.below(256), draws.below(256)],
            region: draws.one_of(&REGIONS),
            system: draws.one_of(&SYSTEMS),
            session: draws.next() >> 32,
            status: [200, 200, 200, 201, 304, 403, 404, 500][draws.below(8) as usize],
            bytes: draws.below(100_000),
            cents: draws.below(100_000),
            risk: draws.below(1000),
            ok: draws.below(10) > 0,
            tags: (0..draws.below(3)).map(|_| draws.one_of(&TAGS)).collect(),
            message: draws.one_of(&MESSAGES),
        }
    }

    fn write(&self, shape: Shape, out: &mut String) {
        match shape {
            Shape::Flat => self.write_flat(out, ""),
            Shape::Nested => self.write_nested(out),
            Shape::Wide => self.write_flat(out, &self.more_fields()),
            Shape::Csv => self.write_csv(out),
        }
    }

    fn write_flat(&self, out: &mut String, more: &str) {
        let Self {
            kind,
            time,
            user,
            region,
            session,
            status,
            bytes,
            ..
        } = self;
        let (ip, amount, risk) = (self.ip(), money(self.cents), thousandths(self.risk));
        let _ = write!(
            out,
            r#"{{"event_type":"{kind}","ts":"{time}","user":"user{user:05}","ip":"{ip}","region":"{region}","session":"{session:08x}","status":{status},"bytes":{bytes},"amount":{amount},"risk":{risk}{more},"msg":"{}"}}"#,
            self.message
        );
    }

    fn write_nested(&self, out: &mut String) {
        let Self {
            kind,
            time,
            user,
            region,
            system,
            status,
            ..
        } = self;
        let (amount, risk) = (money(self.cents), thousandths(self.risk));
        let tags: Vec<String> = self.tags.iter().map(|tag| format!("\"{tag}\"")).collect();
        let tags = tags.join(",");
        let _ = write!(
            out,
            r#"{{"event_type":"{kind}","ts":"{time}","actor":{{"user":"user{user:05}"}},"ctx":{{"region":"{region}","risk":{risk},"device":{{"os":"{system}"}}}},"status":{status},"amount":{amount},"tags":[{tags}],"msg":"{}"}}"#,
            self.message
        );
    }

    /// Cells without line breaks, some with quotes.
    fn write_csv(&self, out: &mut String) {
        let Self {
            kind,
            time,
            user,
            region,
            session,
            status,
            bytes,
            ok,
            ..
        } = self;
        let (ip, amount, risk) = (self.ip(), money(self.cents), thousandths(self.risk));
        let message = self.message.replace("\\\"", "\"\"");
        let _ = write!(
            out,
            "{kind},{time},user{user:05},{ip},{region},{session:08x},{status},{bytes},{amount},{risk},{ok},\"{message}\"",
        );
    }

    fn more_fields(&self) -> String {
        let mut out = String::new();
        for n in 0..40_u64 {
            let value = (self.session ^ (n * 2_654_435_761)) % 100_000;
            let _ = match n % 4 {
                0 => write!(out, r#","metric_{n:02}":{value}"#),
                1 => write!(out, r#","label_{n:02}":"v{value}""#),
                2 => write!(out, r#","ratio_{n:02}":{}"#, thousandths(value)),
                _ => write!(out, r#","flag_{n:02}":{}"#, value.is_multiple_of(2)),
            };
        }
        out
    }

    fn ip(&self) -> String {
        let [a, b, c, d] = self.ip;
        format!("{a}.{b}.{c}.{d}")
    }
}

fn draw_type(draws: &mut Draws) -> &'static str {
    let mut at = draws.below(10_000);
    for (name, share) in TYPES {
        if at < share {
            return name;
        }
        at -= share;
    }
    TYPES[0].0
}

fn money(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn thousandths(n: u64) -> String {
    format!("{}.{:03}", n / 1000, n % 1000)
}

/// A time, given in milliseconds since 2026-01-01T00:00:00Z, of that January and the months after it.
fn rfc3339(millis: u64) -> String {
    const MONTHS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let (mut day, rest) = (millis / 86_400_000, millis % 86_400_000);
    let (mut year, mut month) = (2026, 0);
    while day >= MONTHS[month] {
        day -= MONTHS[month];
        month += 1;
        if month == 12 {
            (year, month) = (year + 1, 0);
        }
    }
    let (hour, minute, second) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60);
    format!(
        "{year}-{:02}-{:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z",
        month + 1,
        day + 1,
        rest % 1000
    )
}

/// Writes `n` events.
pub(crate) fn write_events(n: u64, shape: Shape, seed: u64, out: &mut impl Write) -> io::Result<()> {
    let mut draws = Draws(seed);
    let mut line = String::new();
    // 2026-01-23
    let mut millis = 22 * 86_400_000;
    if shape == Shape::Csv {
        out.write_all(b"event_type,ts,user,ip,region,session,status,bytes,amount,risk,ok,msg\n")?;
    }
    for _ in 0..n {
        millis += draws.below(80);
        line.clear();
        Event::draw(&mut draws, millis).write(shape, &mut line);
        line.push('\n');
        out.write_all(line.as_bytes())?;
    }
    Ok(())
}
