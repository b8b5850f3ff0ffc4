//! The floor of a general parser: a bare sonic-rs decode of the fields that a question needs, into
//! borrowed structs, rows written as JSON. `sonic_floor FILE filter|project|rare|nested [flat|nested|wide]`

use std::borrow::Cow;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use memmap2::Mmap;
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Nested<'a> {
    #[serde(borrow)]
    event_type: Cow<'a, str>,
    #[serde(borrow)]
    ts: Cow<'a, str>,
    #[serde(borrow)]
    actor: Actor<'a>,
    #[serde(borrow)]
    ctx: Context<'a>,
    status: i64,
    amount: f64,
}

#[derive(Deserialize)]
struct Actor<'a> {
    #[serde(borrow)]
    user: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Context<'a> {
    #[serde(borrow)]
    region: Cow<'a, str>,
    risk: f64,
}

#[derive(Deserialize)]
struct Flat<'a> {
    #[serde(borrow)]
    event_type: Cow<'a, str>,
    #[serde(borrow)]
    ts: Cow<'a, str>,
    #[serde(borrow)]
    user: Cow<'a, str>,
    #[serde(borrow)]
    region: Cow<'a, str>,
    risk: f64,
    status: i64,
    amount: f64,
}

impl<'a> From<Nested<'a>> for Flat<'a> {
    fn from(event: Nested<'a>) -> Self {
        Self {
            event_type: event.event_type,
            ts: event.ts,
            user: event.actor.user,
            region: event.ctx.region,
            risk: event.ctx.risk,
            status: event.status,
            amount: event.amount,
        }
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum Row<'a> {
    Amount {
        ts: &'a str,
        user: &'a str,
        amount: f64,
    },
    Status {
        user: &'a str,
        region: &'a str,
        status: i64,
    },
    Risk {
        ts: &'a str,
        user: &'a str,
        risk: f64,
    },
}

fn answer<'a>(question: &str, event: &'a Flat<'_>) -> Option<Row<'a>> {
    let Flat { ts, user, region, .. } = event;
    match (question, event.event_type.as_ref()) {
        ("filter", "Payment") if event.amount > 800.0 => Some(Row::Amount {
            ts,
            user,
            amount: event.amount,
        }),
        ("project", "HttpRequest") => Some(Row::Status {
            user,
            region,
            status: event.status,
        }),
        ("rare", "KeyRotated") => Some(Row::Risk {
            ts,
            user,
            risk: event.risk,
        }),
        ("nested", "LoginFailed") if event.region == "eu-west-1" && event.risk > 0.9 => Some(Row::Risk {
            ts,
            user,
            risk: event.risk,
        }),
        _ => None,
    }
}

fn run(path: &str, question: &str, nested: bool) -> io::Result<()> {
    let file = std::fs::File::open(path)?;
    #[allow(unsafe_code, reason = "a benchmark over a file that nobody touches")]
    // SAFETY: the file is not written to while it is measured.
    let text = unsafe { Mmap::map(&file)? };
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', &text) {
        let line = &text[start..end];
        start = end + 1;
        let event = if nested {
            sonic_rs::from_slice::<Nested<'_>>(line).map(Flat::from)
        } else {
            sonic_rs::from_slice::<Flat<'_>>(line)
        };
        let event = event.map_err(io::Error::other)?;
        if let Some(row) = answer(question, &event) {
            out.write_all(&sonic_rs::to_vec(&row).map_err(io::Error::other)?)?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let [path, question, rest @ ..] = args.as_slice() else {
        eprintln!("sonic_floor FILE filter|project|rare|nested [flat|nested|wide]");
        return ExitCode::from(2);
    };
    let nested = rest.first().is_none_or(|shape| shape == "nested");
    match run(path, question, nested) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
