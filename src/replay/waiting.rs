//! What was found out about records and rows, and waits for its place in the order of replay.

use super::clock::MorselClock;
use super::execute::ReplayOrder;
use super::failed::Failed;
use super::morsel::Task;
use super::outcome::{Outcome, Sample, SideLine};
use crate::data::{BadRecord, Place};

/// A bad record.
#[derive(Clone, Debug)]
pub(super) struct Bad {
    pub(super) place: Place,
    /// Its line in the input, from 1.
    pub(super) line: u64,
    pub(super) record: BadRecord,
}

/// All that waits, but for rows.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) bad: Vec<Bad>,
    pub(super) side: Vec<SideLine>,
    pub(super) samples: Vec<Sample>,
    /// With the line of each in its input, where that is known.
    pub(super) failed: Vec<(Failed, Option<u64>)>,
}

impl Waiting {
    /// Takes over what a morsel found. `lines`: how many lines of its input lie before it.
    pub(super) fn morsel(&mut self, task: &mut Task<'_>, lines: u64, clock: Option<&MorselClock>, order: ReplayOrder) {
        let bad = std::mem::take(&mut task.bad);
        if bad.is_empty() {
            return;
        }
        let times = (order == ReplayOrder::Time).then(|| task.times());
        for record in bad {
            let time = match (&times, clock) {
                (_, Some(clock)) => clock.at(record.position.offset).0,
                (Some(times), None) => times.at(record.position.offset).0,
                (None, None) => 0,
            };
            self.bad.push(Bad {
                place: Place::record(time, record.position.input, record.position.offset),
                line: lines + record.line + 1,
                record,
            });
        }
    }

    /// Takes over what an outcome has to say.
    /// `lines`: how many lines of the input lie before the morsel that it is of.
    pub(super) fn outcome(&mut self, outcome: &mut Outcome, lines: Option<u64>) {
        let failed = std::mem::take(&mut outcome.failed).into_iter();
        self.failed.extend(failed.map(|failed| {
            let line = failed.record.as_ref().and_then(|record| Some(lines? + record.line + 1));
            (failed, line)
        }));
        self.side.append(&mut outcome.side);
        self.samples.append(&mut outcome.samples);
    }

    /// What stands before a place, in order.
    pub(super) fn ready(&mut self, until: Place) -> Self {
        fn of<T>(all: &mut Vec<T>, until: Place, place: impl Fn(&T) -> Place) -> Vec<T> {
            let mut ready: Vec<T> = all.extract_if(.., |one| place(one) < until).collect();
            ready.sort_by_key(place);
            ready
        }
        Self {
            bad: of(&mut self.bad, until, |bad| bad.place),
            side: of(&mut self.side, until, |line| line.place),
            samples: of(&mut self.samples, until, |sample| sample.place),
            failed: of(&mut self.failed, until, |failed| failed.0.place),
        }
    }

    /// Takes away everything at or after a place; the bad record there stays.
    pub(super) fn cut(&mut self, place: Place) {
        self.bad.retain(|bad| bad.place <= place);
        self.failed.retain(|failed| failed.0.place <= place);
        self.side.retain(|line| line.place < place);
        self.samples.retain(|sample| sample.place < place);
    }
}
