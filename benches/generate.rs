//! Writes a log to measure with:
//! `cargo bench --bench generate -- --events 1000000 --shape nested --seed 1 --out FILE`

mod events;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use events::{Shape, write_events};

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (mut n, mut shape, mut seed, mut path) = (1_000_000, Shape::Nested, 1, None);
    while let Some(name) = args.next() {
        // `cargo bench` adds this one.
        if name == "--bench" {
            continue;
        }
        let value = args.next().unwrap_or_default();
        let known = match name.as_str() {
            "--events" => value.parse().map(|value| n = value).is_ok(),
            "--shape" => Shape::parse(&value).map(|value| shape = value).is_some(),
            "--seed" => value.parse().map(|value| seed = value).is_ok(),
            "--out" => {
                path = Some(value.clone());
                true
            }
            _ => false,
        };
        if !known {
            eprintln!("cannot use `{name} {value}`; --events N --shape flat|nested|wide|csv --seed N --out FILE");
            return ExitCode::from(2);
        }
    }
    match write(n, shape, seed, path.as_deref()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn write(n: u64, shape: Shape, seed: u64, path: Option<&str>) -> io::Result<()> {
    let out: Box<dyn Write> = match path {
        Some(path) => Box::new(File::create(path)?),
        None => Box::new(io::stdout().lock()),
    };
    let mut out = BufWriter::with_capacity(1 << 20, out);
    write_events(n, shape, seed, &mut out)?;
    out.flush()
}
