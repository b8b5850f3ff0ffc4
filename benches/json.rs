//! What a JSON line costs, by what is asked of it, beside general parsers that read the same fields.
//!
//! `cargo bench --bench json [-- LINES]`: nanoseconds a line and GB/s of one thread's CPU
//! time (Linux), best of five.
#![allow(missing_docs, reason = "a program")]
#![allow(clippy::unwrap_used, reason = "a program that may stop")]

use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;

use arrow::buffer::Buffer;
use serde::Deserialize;
use varpulis::data::{FieldId, Path, Pseudo, Type};
use varpulis::read::{DecodePlan, FieldPlan, InputInfo, MorselText, TypePlan, json};

const MORSEL: usize = 1 << 20;

const TYPES: [&str; 8] = [
    "LoginOk",
    "LoginFailed",
    "Purchase",
    "Refund",
    "PageView",
    "ApiCall",
    "Logout",
    "Alert",
];

/// A generator of numbers (splitmix64), so that runs repeat.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}

/// Lines of about 220 bytes: nested objects, a list, now and then an escape.
fn log(n: u64, nested: bool) -> Vec<u8> {
    let mut out = String::new();
    let mut draw = Draw(7);
    for at in 0..n {
        let (minute, second, milli) = (at / 60_000 % 60, at / 1000 % 60, at % 1000);
        let kind = TYPES[draw.below(8) as usize];
        let user = draw.below(100_000);
        let cents = draw.below(2_000_000);
        write!(
            out,
            "{{\"timestamp\":\"2024-05-01T12:{minute:02}:{second:02}.{milli:03}Z\",\"event_type\":\"{kind}\","
        )
        .unwrap();
        let agent = if draw.below(50) == 0 {
            "a \\\"quoted\\\" agent"
        } else {
            "Mozilla/5.0 (X11)"
        };
        let (ip, status) = (draw.below(256), 200 + draw.below(4) * 100);
        if nested {
            write!(
                out,
                "\"user\":{{\"id\":\"u{user:06}\",\"roles\":[\"a\",\"b\"]}},\"amount\":{}.{:02},\"net\":{{\"src\":{{\"ip\":\"10.0.3.{ip}\"}},\"port\":{}}},\"status\":{status},\"agent\":\"{agent}\"}}",
                cents / 100, cents % 100, 1024 + draw.below(60_000),
            )
            .unwrap();
        } else {
            write!(
                out,
                "\"user_id\":\"u{user:06}\",\"session\":\"{:016x}\",\"amount\":{}.{:02},\"src_ip\":\"10.0.3.{ip}\",\"port\":{},\"status\":{status},\"agent\":\"{agent}\"}}",
                draw.below(u64::MAX), cents / 100, cents % 100, 1024 + draw.below(60_000),
            )
            .unwrap();
        }
        out.push('\n');
    }
    out.into_bytes()
}

fn morsels(log: &[u8]) -> Vec<Buffer> {
    let mut morsels = Vec::new();
    let mut rest = log;
    while !rest.is_empty() {
        let about = rest.len().min(MORSEL);
        let end = memchr::memrchr(b'\n', &rest[..about]).map_or(rest.len(), |at| at + 1);
        morsels.push(Buffer::from_vec(rest[..end].to_vec()));
        rest = &rest[end..];
    }
    morsels
}

fn field(nth: u32, path: &str, first: bool) -> FieldPlan {
    FieldPlan {
        id: FieldId(nth),
        path: Path::dotted(path),
        ty: Type::Any,
        declared: false,
        required: false,
        first,
    }
}

fn of_type(name: &str, fields: Vec<FieldPlan>) -> TypePlan {
    TypePlan {
        name: name.to_owned(),
        event: name.to_owned(),
        fields,
        time: None,
    }
}

/// Seconds of this thread on a processor (others may run beside us).
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

fn bench(name: &str, lines: u64, bytes: usize, mut work: impl FnMut() -> u64) {
    // Only benches whose names hold the text `ONLY`.
    if std::env::var("ONLY").is_ok_and(|only| !name.contains(&only)) {
        return;
    }
    let mut best = f64::INFINITY;
    let mut result = 0;
    for _ in 0..5 {
        let start = cpu_seconds();
        result = black_box(work());
        best = best.min(cpu_seconds() - start);
    }
    println!(
        "{name:<52} {:>7.1} ns/line {:>6.2} GB/s   ({result})",
        best * 1e9 / lines as f64,
        bytes as f64 / best / 1e9
    );
}

/// Decodes all morsels; `each` looks at the batches.
fn ours(morsels: &[Buffer], plan: &Arc<DecodePlan>, each: impl Fn(&varpulis::read::Decoded) -> u64) -> u64 {
    let mut sum = 0;
    let mut offset = 0;
    for bytes in morsels {
        let text = MorselText {
            bytes: bytes.clone(),
            offset,
        };
        offset += bytes.len() as u64;
        let input = InputInfo {
            number: 0,
            name: Arc::from("bench"),
            event_type: None,
        };
        sum += each(&json::decode(text, plan, input));
    }
    sum
}

#[derive(Deserialize)]
struct Borrowed<'a> {
    #[serde(borrow)]
    event_type: &'a str,
    amount: f64,
}

fn run(shape: &str, n: u64) {
    let log = log(n, shape == "nested");
    let bytes = log.len();
    let morsels = morsels(&log);
    println!("\n{shape}: {n} lines of {} bytes", bytes / n as usize);
    let all = |types: &[&str], fields: Vec<FieldPlan>| DecodePlan {
        types: types.iter().map(|name| of_type(name, fields.clone())).collect(),
        ..DecodePlan::default()
    };
    bench("newlines (memchr)", n, bytes, || {
        morsels
            .iter()
            .map(|morsel| memchr::memchr_iter(b'\n', morsel).count() as u64)
            .sum()
    });
    let plan = Arc::new(all(&["Nothing"], vec![]));
    bench("frame and type, nothing wanted", n, bytes, || {
        ours(&morsels, &plan, |decoded| decoded.records)
    });
    let amount = |decoded: &varpulis::read::Decoded| -> u64 {
        let columns = decoded.batches.iter().map(|(_, batch)| batch.column(FieldId(0), None));
        columns
            .map(|column| match column {
                varpulis::data::Column::Float(array) => array.values().iter().filter(|x| **x > 19_000.0).count() as u64,
                other => panic!("{other:?}"),
            })
            .sum()
    };
    let plan = Arc::new(all(&["Purchase"], vec![field(0, "amount", true)]));
    bench("type (1 of 8) and a number, filtered", n, bytes, || {
        ours(&morsels, &plan, amount)
    });
    let plan = Arc::new(all(&TYPES, vec![field(0, "amount", true)]));
    bench("type (all 8) and a number, filtered", n, bytes, || {
        ours(&morsels, &plan, amount)
    });
    let (user, ip) = if shape == "nested" {
        ("user.id", "net.src.ip")
    } else {
        ("user_id", "src_ip")
    };
    let fields = vec![
        field(0, "amount", false),
        field(1, user, false),
        field(2, ip, false),
        field(3, "timestamp", false),
    ];
    let plan = Arc::new(all(&TYPES, fields));
    bench("type, number, two texts and the time, all rows", n, bytes, || {
        ours(&morsels, &plan, |decoded| {
            let of_batch = |batch: &Arc<dyn varpulis::data::EventRows>| {
                (0..3)
                    .map(|nth| batch.column(FieldId(nth), None).len() as u64)
                    .sum::<u64>()
                    + batch.pseudo(Pseudo::Time, None).len() as u64
            };
            decoded.batches.iter().map(|(_, batch)| of_batch(batch)).sum()
        })
    });
    let plan = Arc::new(DecodePlan {
        time_of_all: true,
        ..all(&["Purchase"], vec![field(0, "amount", true)])
    });
    bench("type (1 of 8), a number, times of all", n, bytes, || {
        ours(&morsels, &plan, amount)
    });
    let plan = Arc::new(DecodePlan {
        prefilter: Some(vec![b"u000123".to_vec()]),
        ..all(&TYPES, vec![field(0, user, true)])
    });
    bench("prefilter for a rare literal", n, bytes, || {
        ours(&morsels, &plan, |decoded| decoded.records)
    });
    let lines = || {
        morsels
            .iter()
            .flat_map(|morsel| morsel.as_slice().split(|byte| *byte == b'\n'))
            .filter(|line| !line.is_empty())
    };
    bench("sonic-rs (as built), two fields into a struct", n, bytes, || {
        lines()
            .map(|line| {
                let record: Borrowed<'_> = sonic_rs::from_slice(line).unwrap();
                u64::from(record.event_type == "Purchase" && record.amount > 19_000.0)
            })
            .sum()
    });
    bench("serde_json, two fields into a struct", n, bytes, || {
        lines()
            .map(|line| {
                let record: Borrowed<'_> = serde_json::from_slice(line).unwrap();
                u64::from(record.event_type == "Purchase" && record.amount > 19_000.0)
            })
            .sum()
    });
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let n = args.iter().find_map(|arg| arg.parse().ok()).unwrap_or(1_000_000);
    for shape in ["nested", "flat"] {
        if args.iter().any(|arg| arg == shape) || !args.iter().any(|arg| arg == "nested" || arg == "flat") {
            run(shape, n);
        }
    }
}
