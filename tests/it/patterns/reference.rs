//! The reference: every run walks over the whole trace by itself.

use super::pattern::{Cond, Pattern, Row, Select, Shape, Step, Which, is_of};
use super::walk::{Move, State, begin, complete, moves};

/// What becomes of matches that are not certain when the input ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AtEnd {
    Auto,
    Flush,
    Hold,
}

/// What determines a match, in the order of a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum When {
    /// An event: its time and place.
    Event(i64, usize),
    /// A deadline, after all events of that time.
    Deadline(i64),
    /// The end of the input.
    End,
}

impl When {
    /// Orders across its forms.
    pub(super) fn key(self) -> (bool, i64, bool, usize) {
        match self {
            Self::Event(time, tick) => (false, time, false, tick),
            Self::Deadline(time) => (false, time, true, 0),
            Self::End => (true, 0, true, 0),
        }
    }
}

/// A match: rows are numbers in the trace.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Match {
    /// The rows that each step took.
    pub(super) steps: Vec<Vec<usize>>,
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) when: When,
    /// `match_end`
    pub(super) end: i64,
    /// The time of its row.
    pub(super) ts: i64,
}

/// The rows of one partition's events, and the clock.
pub(super) struct Trace<'t> {
    pub(super) pattern: &'t Pattern,
    pub(super) rows: &'t [Row],
    /// Those that the pattern sees in this partition.
    pub(super) input: Vec<usize>,
    /// The absence in first place, and the one in last.
    leading: Option<&'t Step>,
    trailing: Option<&'t Step>,
    /// The shape without them.
    core: Shape,
    at_end: AtEnd,
}

/// A run: what it has taken, and where it stands.
#[derive(Clone)]
struct Run {
    steps: Vec<Vec<usize>>,
    taken: Vec<usize>,
    state: State,
    /// Under strict contiguity: an event did not fit, so that it takes no more.
    closed: bool,
}

impl Run {
    fn last(&self) -> usize {
        self.taken[self.taken.len() - 1]
    }
}

impl<'t> Trace<'t> {
    pub(super) fn new(pattern: &'t Pattern, rows: &'t [Row], k: Option<i64>, at_end: AtEnd) -> Self {
        let sees = |row: &Row| pattern.sees(row.kind) && (!pattern.keyed || row.k == k);
        let (mut leading, mut trailing, mut core) = (None, None, pattern.shape.clone());
        if let Shape::Seq(items) = &pattern.shape {
            let mut items = items.as_slice();
            if let [Shape::Absent(step), rest @ ..] = items {
                (leading, items) = (Some(step), rest);
            }
            if let [rest @ .., Shape::Absent(step)] = items {
                (trailing, items) = (Some(step), rest);
            }
            core = match items {
                [one] => one.clone(),
                many => Shape::Seq(many.to_vec()),
            };
        }
        Self {
            pattern,
            rows,
            input: (0..rows.len()).filter(|&at| sees(&rows[at])).collect(),
            leading,
            trailing,
            core,
            at_end,
        }
    }

    /// All matches, before any is suppressed or skipped. The first step's shape comes with them.
    pub(super) fn matches(&self) -> Vec<Match> {
        let mut found = Vec::new();
        let mut starts: Vec<usize> = self.input.iter().map(|&at| self.rows[at].tick).collect();
        starts.dedup();
        for tick in starts {
            let none = Run {
                steps: vec![Vec::new(); self.pattern.shape.steps().len() + self.pattern.shape.absences().len()],
                taken: Vec::new(),
                state: begin(&self.core),
                closed: false,
            };
            let any = self.pattern.select == Select::Any;
            for run in self
                .takes(&none, &self.at(tick))
                .into_iter()
                .take(if any { usize::MAX } else { 1 })
            {
                if let Some(run) = run.filter(|run| self.silent_before(run)) {
                    if any {
                        self.all(run, tick, &mut found);
                    } else {
                        self.follow(run, tick, &mut found);
                    }
                }
            }
        }
        found.retain(|one| self.nothing_between(one));
        found
    }

    /// The core of the shape: without absences in first and last place.
    pub(super) fn core(&self) -> &Shape {
        &self.core
    }

    /// `.stnm()` and `.strict()`: the run goes one way, except for `each`.
    fn follow(&self, mut run: Run, tick: usize, found: &mut Vec<Match>) {
        if self.finished(&run) {
            found.extend(self.by_event(&run, self.rows[run.last()].tick));
            return;
        }
        let last_tick = self.rows.last().map_or(0, |row| row.tick);
        for tick in tick + 1..=last_tick {
            let Some(time) = self.time(tick) else { continue };
            if let Some(deadline) = self.deadline(&run).filter(|deadline| time > *deadline) {
                found.extend(self.by_deadline(&run, deadline));
                return;
            }
            if run.closed || !self.input.iter().any(|&at| self.rows[at].tick == tick) {
                continue;
            }
            match self.takes(&run, &self.at(tick)).into_iter().next() {
                // An absence was violated.
                Some(None) => return,
                Some(Some(longer)) => {
                    if self.by_each(&run, &longer) {
                        self.follow(longer, tick, found);
                    } else {
                        return self.follow(longer, tick, found);
                    }
                }
                None if self.pattern.select != Select::Strict => {}
                None if !complete(&self.core, &run.state) => return,
                None if self.trailing.is_some() => run.closed = true,
                None => {
                    found.extend(self.by_event(&run, tick));
                    return;
                }
            }
        }
        self.at_end(&run, found);
    }

    /// The input has ended, and the run waits.
    fn at_end(&self, run: &Run, found: &mut Vec<Match>) {
        match (self.at_end, self.deadline(run)) {
            (AtEnd::Flush, Some(deadline)) => found.extend(self.by_deadline(run, deadline)),
            (AtEnd::Auto | AtEnd::Flush, _) if self.trailing.is_none() && complete(&self.core, &run.state) => {
                let time = self.rows.last().map_or(0, |row| row.time);
                let end = self.rows[run.last()].time;
                found.push(self.made(run, When::End, end, time));
            }
            _ => {}
        }
    }

    /// `.stam()`: takes the event, and also does not.
    fn all(&self, run: Run, tick: usize, found: &mut Vec<Match>) {
        if complete(&self.core, &run.state) {
            if let Some(absent) = self.trailing {
                let deadline = self.rows[run.last()].time + absent.within.unwrap_or(0);
                let passed = self.rows.last().is_some_and(|row| row.time > deadline);
                if passed || self.at_end == AtEnd::Flush {
                    found.extend(self.by_deadline(&run, deadline));
                }
            } else {
                found.extend(self.by_event(&run, self.rows[run.last()].tick));
            }
        }
        let last_tick = self.rows.last().map_or(0, |row| row.tick);
        for tick in tick + 1..=last_tick {
            for longer in self.takes(&run, &self.at(tick)).into_iter().flatten() {
                self.all(longer, tick, found);
            }
        }
    }

    /// The rows of a tick.
    fn at(&self, tick: usize) -> Vec<usize> {
        let rows = self.input.iter().copied();
        rows.filter(|&at| self.rows[at].tick == tick).collect()
    }

    /// The run with one of these rows of a tick, in every way, the one that wins first; none where an
    /// absence is violated.
    fn takes(&self, run: &Run, rows: &[usize]) -> Vec<Option<Run>> {
        let mut found = Vec::new();
        let Some(&first) = rows.first() else {
            return found;
        };
        // Which moves there are does not depend on the row, only the state they lead to.
        for index in 0..moves(&self.core, &run.state, first).len() {
            for &at in rows {
                let one = moves(&self.core, &run.state, at).swap_remove(index);
                if self.fits(one.step, run, at) {
                    found.push(self.taken(run, one, at));
                }
            }
        }
        found
    }

    fn taken(&self, run: &Run, one: Move<'_>, at: usize) -> Option<Run> {
        let met =
            |(absent, last): &(&Step, usize)| self.between(self.rows[*last].tick, self.rows[at].tick, absent, run);
        if one.crossed.iter().any(met) {
            return None;
        }
        let mut longer = run.clone();
        longer.steps[one.step.id].push(at);
        longer.taken.push(at);
        longer.state = one.after;
        Some(longer)
    }

    /// The run took its event by a step marked `each`.
    fn by_each(&self, run: &Run, longer: &Run) -> bool {
        let steps = self.core.steps();
        let took = steps
            .iter()
            .find(|step| longer.steps[step.id].len() > run.steps[step.id].len());
        took.is_some_and(|step| step.each)
    }

    fn fits(&self, step: &Step, run: &Run, at: usize) -> bool {
        let row = &self.rows[at];
        if !is_of(step, row.kind) || !self.holds(step, &run.steps, row) {
            return false;
        }
        let (Some(&first), Some(&last)) = (run.taken.first(), run.taken.last()) else {
            return true;
        };
        let in_time = |since: usize, bound: Option<i64>| bound.is_none_or(|d| row.time - self.rows[since].time <= d);
        let next = step.next || self.pattern.select == Select::Strict;
        let (from, to) = (self.rows[last].tick, row.tick);
        let mut between = self.input.iter().map(|&other| self.rows[other].tick);
        in_time(first, self.pattern.within)
            && in_time(last, step.within)
            && !(next && between.any(|tick| from < tick && tick < to))
    }

    /// The step's condition, of a row and what a run has bound.
    fn holds(&self, step: &Step, bound: &[Vec<usize>], row: &Row) -> bool {
        step.conds.iter().all(|cond| self.cond(step, cond, bound, row))
    }

    fn cond(&self, step: &Step, cond: &Cond, bound: &[Vec<usize>], row: &Row) -> bool {
        let others = |alias: usize| self.bound(alias, bound);
        // The first element of a repetition passes.
        let empty_own = |alias: usize| alias == step.alias && others(alias).is_empty();
        let one = |alias: usize, which: Which| match which {
            Which::One | Which::First => others(alias).first().map(|&at| self.rows[at]),
            Which::Last => others(alias).last().map(|&at| self.rows[at]),
        };
        match *cond {
            Cond::Own(field, op, n) => op.holds(row.field(field), Some(n)),
            Cond::With(field, op, alias, which) => {
                empty_own(alias) || op.holds(row.field(field), one(alias, which).and_then(|other| other.field(field)))
            }
            Cond::Plus(op, alias, which, n) => {
                let other = one(alias, which).and_then(|other| other.v);
                empty_own(alias) || op.holds(row.v.zip(other).map(|(a, b)| a + b), Some(n))
            }
            Cond::Sum(op, alias, n) => {
                let values: Vec<i64> = others(alias).iter().filter_map(|&at| self.rows[at].v).collect();
                let sum = (!values.is_empty()).then(|| values.iter().sum());
                empty_own(alias) || op.holds(sum, Some(n))
            }
            // How many there are is known of none, too.
            Cond::Count(op, alias, n) => op.holds(i64::try_from(others(alias).len()).ok(), Some(n)),
        }
    }

    /// The rows that an alias is bound to, in order.
    pub(super) fn bound(&self, alias: usize, steps: &[Vec<usize>]) -> Vec<usize> {
        let all = self.pattern.shape.steps();
        let mine = all.iter().filter(|step| step.alias == alias);
        let mut rows: Vec<usize> = mine.flat_map(|step| steps[step.id].iter().copied()).collect();
        rows.sort_by_key(|&at| self.rows[at].tick);
        rows
    }

    /// An event that must not be lies strictly between two places.
    fn between(&self, from: usize, to: usize, absent: &Step, run: &Run) -> bool {
        self.input.iter().any(|&at| {
            let row = &self.rows[at];
            from < row.tick && row.tick < to && is_of(absent, row.kind) && self.holds(absent, &run.steps, row)
        })
    }

    /// An absence in first place: nothing in the time before the first event.
    fn silent_before(&self, run: &Run) -> bool {
        let Some(absent) = self.leading else { return true };
        let first = &self.rows[run.taken[0]];
        !self.input.iter().any(|&at| {
            let row = &self.rows[at];
            let near = row.tick < first.tick && row.time >= first.time - absent.within.unwrap_or(0);
            near && is_of(absent, row.kind) && self.holds(absent, &run.steps, row)
        })
    }

    /// `.not(C)`
    fn nothing_between(&self, one: &Match) -> bool {
        let Some(absent) = &self.pattern.absent else {
            return true;
        };
        let (from, to) = (self.rows[one.first].tick, self.rows[one.last].tick);
        !self.input.iter().any(|&at| {
            let row = &self.rows[at];
            from < row.tick && row.tick < to && is_of(absent, row.kind) && self.holds(absent, &one.steps, row)
        })
    }

    /// Nothing can follow, and nothing is waited for.
    fn finished(&self, run: &Run) -> bool {
        self.trailing.is_none() && complete(&self.core, &run.state) && moves(&self.core, &run.state, 0).is_empty()
    }

    /// Until when a run waits that is complete; until when one can live that is not.
    fn deadline(&self, run: &Run) -> Option<i64> {
        let (first, last) = (self.rows[run.taken[0]].time, self.rows[run.last()].time);
        if complete(&self.core, &run.state) {
            if let Some(absent) = self.trailing {
                return absent.within.map(|d| last + d);
            }
            if self.pattern.within.is_none() {
                let gaps = moves(&self.core, &run.state, 0).into_iter().map(|one| one.step.within);
                return gaps
                    .collect::<Option<Vec<i64>>>()?
                    .into_iter()
                    .max()
                    .map(|gap| last + gap);
            }
        }
        self.pattern.within.map(|d| first + d)
    }

    fn by_deadline(&self, run: &Run, deadline: i64) -> Option<Match> {
        if !complete(&self.core, &run.state) {
            return None;
        }
        let last = &self.rows[run.last()];
        let met = self.trailing.is_some_and(|absent| {
            self.input.iter().any(|&at| {
                let row = &self.rows[at];
                let near = row.tick > last.tick && row.time <= deadline;
                near && is_of(absent, row.kind) && self.holds(absent, &run.steps, row)
            })
        });
        (!met).then(|| self.made(run, When::Deadline(deadline), deadline, deadline))
    }

    /// Completed by the event at this tick, which is its last one, or under strict contiguity the one
    /// that did not fit.
    fn by_event(&self, run: &Run, tick: usize) -> Option<Match> {
        let end = self.rows[run.last()].time;
        let time = self.time(tick)?;
        Some(self.made(run, When::Event(time, tick), end, end))
    }

    fn made(&self, run: &Run, when: When, end: i64, ts: i64) -> Match {
        Match {
            steps: run.steps.clone(),
            first: run.taken[0],
            last: run.last(),
            when,
            end,
            ts,
        }
    }

    fn time(&self, tick: usize) -> Option<i64> {
        self.rows.iter().find(|row| row.tick == tick).map(|row| row.time)
    }
}
