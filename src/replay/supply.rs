//! Which morsels make up a round, and which records are then complete.
//!
//! Records are replayed in the order of the key `(e, input, offset)`, `e` being the effective time
//! (see `clock`). How the next morsels are found depends on the order asked for:
//! - *as they lie*: one input after another, nothing is looked at;
//! - *by time*: the inputs are looked through, and the morsels come in the order of their smallest
//!   key ([`Schedule`]);
//! - *by arrival*, or where order is taken for granted: the morsels come as they lie, of several
//!   inputs first from the one that is furthest behind ([`Merge`]).

use std::sync::Arc;

use super::merge::Merge;
use super::report::OrderReport;
use super::schedule::Schedule;
use super::{Observer, Order, RunError, RunOptions};
use crate::plan::Plan;
use crate::read::{Base, DecodePlan, Input, Morsel};

/// Morsels in a round.
pub(super) const ROUND: usize = 16;

/// The key below which all records are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Bound {
    /// All whose key is smaller than this one.
    Before {
        /// Effective time.
        time: i64,
        /// Number of the input.
        input: usize,
        /// Offset in it.
        offset: u64,
    },
    /// All there are.
    End,
}

/// Morsels that are decoded together.
#[derive(Debug)]
pub(super) struct Round {
    /// The morsels with the number of their input and, where it is known already, where they stand.
    pub(super) morsels: Vec<(usize, Morsel, Option<Base>)>,
    /// For each how many lines of its input lie before it; none: they come in order of their input,
    /// so the lines add up.
    pub(super) lines: Option<Vec<u64>>,
    /// Every record whose key is below this is in this round or came in one before. None: not known
    /// before the records are decoded.
    pub(super) bound: Option<Bound>,
}

/// Hands out the morsels of all inputs.
pub(super) struct Supply<'i> {
    inputs: &'i mut [Input],
    how: How,
    order: Order,
    watermark: bool,
}

enum How {
    /// The input at hand.
    Straight(usize),
    Schedule(Schedule),
    Merge(Merge),
}

impl<'i> Supply<'i> {
    /// Gets ready, on the rayon pool it is called in; for an order by time this looks through the
    /// inputs. `decode` is what the main pass decodes by.
    ///
    /// # Errors
    /// When an input cannot be read, or none of its records has a time and the program needs one.
    pub(super) fn new(
        plan: &Plan,
        decode: &Arc<DecodePlan>,
        inputs: &'i mut [Input],
        options: &RunOptions,
        observer: &dyn Observer,
    ) -> Result<Self, RunError> {
        let how = match options.order {
            Order::Input => How::Straight(0),
            Order::Time => How::Schedule(Schedule::new(plan, decode, inputs, options, observer)?),
            Order::Assumed => How::Merge(Merge::new(plan, decode, inputs.len(), None, options)?),
            Order::Arrival { slack } => How::Merge(Merge::new(plan, decode, inputs.len(), Some(slack), options)?),
        };
        Ok(Self {
            inputs,
            how,
            order: options.order,
            watermark: options.watermark,
        })
    }

    /// The inputs.
    pub(super) fn inputs(&self) -> &[Input] {
        self.inputs
    }

    /// The next morsels; none at the end.
    ///
    /// # Errors
    /// When an input cannot be read, or is not in the order that was taken for granted.
    pub(super) fn round(&mut self) -> Result<Round, RunError> {
        match &mut self.how {
            How::Straight(at) => straight(self.inputs, at),
            How::Schedule(schedule) => schedule.round(self.inputs),
            How::Merge(merge) => merge.round(self.inputs),
        }
    }

    /// What was found out about the order of the inputs; complete after the last round.
    pub(super) fn report(&self) -> OrderReport {
        let found = match &self.how {
            How::Straight(_) => OrderReport::default(),
            How::Schedule(schedule) => schedule.report(),
            How::Merge(merge) => merge.report(),
        };
        OrderReport {
            order: self.order,
            idle_watermark: self.watermark && !matches!(self.order, Order::Arrival { .. }),
            ..found
        }
    }

    /// Ends well: gives the file of late records its name.
    ///
    /// # Errors
    /// When that cannot be written.
    pub(super) fn finish(self) -> Result<(), RunError> {
        match self.how {
            How::Merge(merge) => merge.finish(),
            How::Straight(_) | How::Schedule(_) => Ok(()),
        }
    }
}

fn straight(inputs: &mut [Input], at: &mut usize) -> Result<Round, RunError> {
    let mut morsels = Vec::new();
    while morsels.len() < ROUND && *at < inputs.len() {
        match inputs[*at].next_morsel()? {
            Some(morsel) => morsels.push((*at, morsel, None)),
            None => *at += 1,
        }
    }
    Ok(Round {
        morsels,
        lines: None,
        bound: None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::clock::{MorselClock, Running};
    use super::*;
    use crate::diag::SourceMap;
    use crate::read::{InputSpec, ReadOptions};

    struct Quiet;

    impl Observer for Quiet {
        fn progress(&self, _: u64, _: u64, _: u64) {}
        fn say(&self, _: &str) {}
        fn interrupted(&self) -> bool {
            false
        }
    }

    fn plan() -> Plan {
        let mut sources = SourceMap::default();
        let main = sources.add("q.vpl", "stream S = E .distinct(k) .emit(k: k)".to_owned());
        let resolved = crate::resolve::compile(&mut sources, main, &Default::default());
        let mut plan = crate::plan::plan(resolved.query.unwrap(), &Default::default()).unwrap();
        plan.decode.seq = true;
        plan
    }

    /// How a file is read.
    #[derive(Clone, Copy, Debug)]
    enum Kind {
        Mapped,
        Read,
        Gzip,
    }

    /// Lines: a time in seconds, a record without one, or nothing.
    #[derive(Clone, Copy, Debug)]
    enum Line {
        Timed(i64),
        Untimed,
        Blank,
    }

    fn text(lines: &[Line]) -> String {
        let line = |line: &Line| match line {
            Line::Timed(time) => format!("{{\"event_type\":\"E\",\"timestamp\":{time},\"k\":1}}\n"),
            Line::Untimed => "{\"event_type\":\"E\",\"k\":1}\n".to_owned(),
            Line::Blank => "\n".to_owned(),
        };
        lines.iter().map(line).collect()
    }

    /// What a record's time is: in nanoseconds, in order of the file.
    fn times(lines: &[Line]) -> Vec<i64> {
        let first = lines.iter().find_map(|line| match line {
            Line::Timed(time) => Some(time * 1_000_000_000),
            _ => None,
        });
        let (mut times, mut last) = (Vec::new(), first);
        for line in lines {
            match line {
                Line::Blank => continue,
                Line::Timed(time) => last = Some(time * 1_000_000_000),
                Line::Untimed => {}
            }
            times.push(last.unwrap_or(times.len() as i64));
        }
        times
    }

    /// The effective times.
    fn effective(order: Order, times: &[i64]) -> Vec<i64> {
        let mut largest = i64::MIN;
        let e = |&time: &i64| {
            largest = largest.max(time);
            match order {
                Order::Arrival { slack } => time.max(largest - slack),
                _ => time,
            }
        };
        times.iter().map(e).collect()
    }

    fn line() -> impl Strategy<Value = Line> {
        prop_oneof![8 => (1_000_000_i64..1_000_020).prop_map(Line::Timed), 2 => Just(Line::Untimed), 1 => Just(Line::Blank)]
    }

    fn files() -> impl Strategy<Value = Vec<(Vec<Line>, Kind)>> {
        let lines = prop_oneof![
            3 => proptest::collection::vec(line(), 0..60),
            2 => (0_i64..5, 0_usize..60)
                .prop_map(|(step, n)| (0..n as i64).map(|n| Line::Timed(1_000_000 + n * step)).collect()),
            1 => (0_usize..40).prop_map(|n| vec![Line::Untimed; n]),
        ];
        let kind = prop_oneof![Just(Kind::Mapped), Just(Kind::Read), Just(Kind::Gzip)];
        proptest::collection::vec((lines, kind), 1..4)
    }

    fn open(dir: &std::path::Path, number: usize, file: &(Vec<Line>, Kind), morsel_bytes: usize) -> Input {
        let path = dir.join(format!("{number}.jsonl"));
        let text = text(&file.0);
        if let Kind::Gzip = file.1 {
            use std::io::Write;
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(text.as_bytes()).unwrap();
            std::fs::write(&path, encoder.finish().unwrap()).unwrap();
        } else {
            std::fs::write(&path, text).unwrap();
        }
        let path = if let Kind::Gzip = file.1 {
            let gz = dir.join(format!("{number}.jsonl.gz"));
            std::fs::rename(&path, &gz).unwrap();
            gz
        } else {
            path
        };
        let spec = InputSpec {
            path,
            ..InputSpec::default()
        };
        let options = ReadOptions {
            morsel_bytes,
            max_record_bytes: 1000,
            mmap: matches!(file.1, Kind::Mapped),
        };
        Input::open_spooled(&spec, number as u32, &options).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        /// All records come, with their times, numbers and lines, and none whose key lies below a
        /// bound comes after it.
        #[test]
        fn bounds_hold(
            files in files(),
            morsel_bytes in prop_oneof![Just(1_usize), Just(100), Just(1000), Just(1 << 20)],
            order in prop_oneof![
                2 => Just(Order::Time), 1 => Just(Order::Arrival { slack: 0 }),
                1 => Just(Order::Arrival { slack: 7_000_000_000 }),
            ],
            memory_limit in prop_oneof![Just(None), Just(Some(1)), Just(Some(3000))],
        ) {
            let dir = tempfile::tempdir().unwrap();
            let mut inputs: Vec<Input> =
                files.iter().enumerate().map(|(at, file)| open(dir.path(), at, file, morsel_bytes)).collect();
            let plan = plan();
            let decode = Arc::new(plan.decode.clone());
            let options = RunOptions { order, memory_limit, ..RunOptions::default() };
            let mut supply = Supply::new(&plan, &decode, &mut inputs, &options, &Quiet).unwrap();
            let mut bound = Bound::Before { time: i64::MIN, input: 0, offset: 0 };
            let mut running = vec![Running::default(); files.len()];
            let mut found: BTreeMap<(usize, u64), (i64, i64)> = BTreeMap::new();
            loop {
                let round = supply.round().unwrap();
                for (input, morsel, base) in &round.morsels {
                    let decoded = morsel.decode_at(&decode, *base);
                    let base = base.unwrap();
                    let clock = MorselClock::new(order, &decoded, base, &mut running[*input]);
                    for (_, batch) in &decoded.batches {
                        let (times, seqs) =
                            (batch.pseudo(crate::data::Pseudo::Time, None), batch.pseudo(crate::data::Pseudo::Seq, None));
                        for row in 0..batch.len() as u32 {
                            let (crate::data::Value::Timestamp(time), crate::data::Value::Int(seq)) =
                                (times.value(row as usize), seqs.value(row as usize)) else { panic!("no time") };
                            let offset = batch.position(row).offset;
                            let e = match &clock {
                                Some(clock) => {
                                    let place = clock.place(offset).unwrap();
                                    prop_assert_eq!(clock.t[place], time);
                                    clock.e[place]
                                }
                                None => time,
                            };
                            let key = Bound::Before { time: e, input: *input, offset };
                            prop_assert!(key >= bound, "{:?} comes after {:?}", key, bound);
                            prop_assert_eq!(found.insert((*input, seq as u64), (time, e)), None);
                        }
                    }
                }
                let next = round.bound.unwrap();
                prop_assert!(next >= bound);
                bound = next;
                if round.morsels.is_empty() {
                    break;
                }
            }
            prop_assert_eq!(bound, Bound::End);
            for (input, (lines, _)) in files.iter().enumerate() {
                let mine: Vec<(i64, i64)> = found.range((input, 0)..(input + 1, 0)).map(|(_, times)| *times).collect();
                let times = times(lines);
                let expected: Vec<(i64, i64)> = times.iter().copied().zip(effective(order, &times)).collect();
                prop_assert_eq!(mine, expected, "input {}", input);
            }
        }
    }
}
