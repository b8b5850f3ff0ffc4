//! Trends of patterns in which nothing but the order of events and one key relates them: a window of small
//! matrices for each partition or key (see [`super::window`]).

use std::sync::Arc;

use super::window::{Move, Window};
use super::{Asked, Row};
use crate::data::Value;
use crate::ir::{Pattern, StepId};
use crate::matcher::keyed::{Keyed, NO_KEY};
use crate::matcher::program::{Complete, Program, StateId};
use crate::matcher::store::{Store, absences};
use crate::matcher::ticks::{self, Round};
use crate::ordered::Batch;

/// Patterns of more states are left to the general way.
const MOST_STATES: usize = 16;

/// A pattern whose events are matrices.
#[derive(Debug)]
pub(super) struct Plain {
    pattern: Arc<Pattern>,
    keyed: Keyed,
    pub(super) store: Store,
    within: i64,
    /// The windows are by the keys of this domain, else by partition.
    domain: Option<usize>,
    /// By step, from which state to which.
    moves: Vec<Vec<(usize, usize)>>,
    complete: Vec<bool>,
    windows: Vec<Option<Window>>,
    tick: u64,
    clock: i64,
    /// How many keys and events there were after the last sweep.
    swept: usize,
}

impl Plain {
    /// The pattern as matrices, if it is of this kind. Rows must come in order of their times.
    pub(super) fn of(pattern: &Pattern, seq: bool) -> Option<Self> {
        let within = pattern.within?;
        let steps = &pattern.steps;
        let simple = steps
            .iter()
            .all(|step| step.rest.is_none() && step.within.is_none() && !step.next);
        if !simple || !absences(pattern).is_empty() {
            return None;
        }
        let (states, program) = states(pattern)?;
        let keyed = Keyed::new(pattern);
        let domain = domain(pattern, &program, &keyed, &states)?;
        let number = |state: StateId| states.iter().position(|known| *known == state);
        let mut moves = vec![Vec::new(); steps.len()];
        for (from, &state) in states.iter().enumerate() {
            for one in &program.state(state).moves {
                let known: &mut Vec<(usize, usize)> = &mut moves[one.step];
                // Where one step leads to two states, one combination would be counted twice.
                if known.iter().any(|other| other.0 == from) {
                    return None;
                }
                known.push((from, number(one.to)?));
            }
        }
        Some(Self {
            complete: states
                .iter()
                .map(|&state| program.state(state).complete != Complete::No)
                .collect(),
            store: Store::new(pattern, seq),
            pattern: Arc::new(pattern.clone()),
            keyed,
            within,
            domain,
            moves,
            windows: Vec::new(),
            tick: 0,
            clock: i64::MIN,
            swept: 0,
        })
    }

    /// Takes rows; gives the rows of trends that they complete, and what is wrong with their values.
    pub(super) fn run(
        &mut self,
        asked: &Asked,
        batches: &[(u8, Batch)],
        errors: &mut Vec<(usize, String)>,
    ) -> Vec<Row> {
        let pattern = Arc::clone(&self.pattern);
        let round = Round::new(&pattern, (&mut self.keyed, &mut self.store), batches, (0, false));
        let mut made = Vec::new();
        let mut from = 0;
        while from < round.rows.len() {
            let to = round.tick_end(from);
            self.tick += 1;
            self.pass(asked, &round, from..to, &mut made, errors);
            from = to;
        }
        made
    }

    /// The rows of a tick.
    fn pass(
        &mut self,
        asked: &Asked,
        round: &Round,
        rows: std::ops::Range<usize>,
        made: &mut Vec<Row>,
        errors: &mut Vec<(usize, String)>,
    ) {
        // What each partition or key gets of this tick; and of each of its rows the number among those of
        // its input, and what they complete.
        let mut got: Vec<(u32, Vec<Move>)> = Vec::new();
        let first = made.len();
        let mut numbers: Vec<(u32, usize, usize, (u32, u32))> = Vec::new();
        for row in &round.rows[rows] {
            self.clock = self.clock.max(row.time);
            for step in round.steps(row) {
                let number = self.number(round, row, step);
                if number == NO_KEY {
                    continue;
                }
                let values = self.values(asked, row, step, errors);
                let moves = self.moves[step].iter().map(|&(from, to)| Move {
                    from,
                    to,
                    values: values.clone(),
                });
                let moves: Vec<Move> = moves.collect();
                let since = row.time.saturating_sub(self.within);
                self.window(number, asked).forget(since);
                let input = self.pattern.steps[step].input;
                for one in moves.iter().filter(|one| self.complete[one.to]) {
                    let total = match &self.windows[number as usize] {
                        Some(window) => one.extend(&window.to(one.from)),
                        None => continue,
                    };
                    if total.is_none() {
                        continue;
                    }
                    let event = self.store.event(row.at, row.place, row.time, self.tick);
                    let of = numbers
                        .iter()
                        .filter(|known| (known.0, known.1) == (row.partition, input));
                    let known = numbers.iter().find(|known| known.3 == row.at).map(|known| known.2);
                    let place = known.unwrap_or(of.count());
                    if known.is_none() {
                        numbers.push((row.partition, input, place, row.at));
                    }
                    let same = |made: &&mut Row| made.of == (row.partition, place);
                    match made[first..].iter_mut().find(same) {
                        Some(known) => known.total.add(&total),
                        None => made.push(Row {
                            place: row.place,
                            time: row.time,
                            event,
                            of: (row.partition, place),
                            total,
                        }),
                    }
                }
                match got.iter_mut().find(|one| one.0 == number) {
                    Some((_, all)) => all.extend(moves),
                    None => got.push((number, moves)),
                }
            }
        }
        for (number, moves) in got {
            let time = self.clock;
            self.window(number, asked).push(time, moves);
        }
    }

    /// The window that a row belongs to, taken by a step.
    fn number(&self, round: &Round, row: &ticks::Row, step: StepId) -> u32 {
        let Some(domain) = self.domain else {
            return row.partition;
        };
        let binds = self.keyed.binds[step].iter().find(|bind| bind.0 == domain);
        let own = self.keyed.probes[step].map(|probe| probe.own);
        own.or(binds.map(|bind| bind.1))
            .map_or(NO_KEY, |value| round.key(row, domain, value))
    }

    fn window(&mut self, number: u32, asked: &Asked) -> &mut Window {
        if self.windows.len() <= number as usize {
            self.windows.resize_with(number as usize + 1, || None);
        }
        let states = self.complete.len();
        self.windows[number as usize].get_or_insert_with(|| Window::new(states, asked.overs.len()))
    }

    /// Of each repetition that a step's event is an element of its value.
    fn values(
        &self,
        asked: &Asked,
        row: &ticks::Row,
        step: StepId,
        errors: &mut Vec<(usize, String)>,
    ) -> Vec<(usize, Value)> {
        let mine = asked
            .overs
            .iter()
            .enumerate()
            .filter(|(_, over)| over.0.contains(&step));
        let values = mine.map(|(at, (_, values))| {
            let value = values.iter().find(|(of, _)| *of == step);
            let value = value.map(|(_, value)| self.store.fresh(row.at.0, *value).value(row.at.1 as usize));
            match value.unwrap_or_default() {
                value @ (Value::Null | Value::Int(_) | Value::Float(_)) => (at, value),
                other => {
                    errors.push((asked.first[at], super::total::no_number(&other)));
                    (at, Value::Null)
                }
            }
        });
        values.collect()
    }

    /// Ends a round: windows in which nothing is left go, with their keys.
    pub(super) fn settle(&mut self) {
        self.store.settle();
        if self.store.is_full() {
            self.store.sweep(&vec![false; self.store.len()]);
        }
        let keys = (0..self.keyed.domains()).map(|domain| self.keyed.keys(domain));
        let keys = self.keyed.partitions() + keys.sum::<usize>();
        if keys <= FEW + 2 * self.swept {
            return;
        }
        let since = self.clock.saturating_sub(self.within);
        for window in &mut self.windows {
            *window = window.take().filter(|window| window.last() >= since);
        }
        let table = self.domain.map_or(0, |domain| domain + 1);
        let mut live = vec![vec![false; self.keyed.partitions()]];
        live.extend((0..self.keyed.domains()).map(|domain| vec![false; self.keyed.keys(domain)]));
        for (number, window) in self.windows.iter().enumerate() {
            live[table][number] = window.is_some();
        }
        let renamed = self.keyed.sweep(&live);
        let old = std::mem::take(&mut self.windows);
        for (number, window) in old.into_iter().enumerate().filter(|(_, window)| window.is_some()) {
            let number = renamed[table][number] as usize;
            if self.windows.len() <= number {
                self.windows.resize_with(number + 1, || None);
            }
            self.windows[number] = window;
        }
        self.swept = self.windows.len();
    }

    /// How many events the windows hold.
    pub(super) fn held(&self) -> usize {
        self.windows.iter().flatten().map(Window::len).sum()
    }

    /// About how many bytes are held, with small counts.
    pub(super) fn bytes(&self) -> usize {
        let event = self.complete.len() * size_of::<super::total::Total>();
        self.held() * event + self.store.bytes() + self.keyed.bytes()
    }
}

const FEW: usize = 4096;

/// The states of a pattern, the first one first; none where there are many.
fn states(pattern: &Pattern) -> Option<(Vec<StateId>, Program)> {
    let mut program = Program::new(pattern);
    let mut states = vec![program.start];
    let mut at = 0;
    while let Some(&state) = states.get(at) {
        program.reach(state);
        for to in program.state(state).moves.iter().map(|one| one.to) {
            if !states.contains(&to) {
                states.push(to);
            }
        }
        if states.len() > MOST_STATES {
            return None;
        }
        at += 1;
    }
    Some((states, program))
}

/// The domain of the key that relates all events of a trend, if their comparisons are that and nothing
/// else; none within where they compare nothing.
fn domain(pattern: &Pattern, program: &Program, keyed: &Keyed, states: &[StateId]) -> Option<Option<usize>> {
    if pattern.steps.iter().all(|step| step.compare.is_empty()) {
        return Some(None);
    }
    let domain = keyed.probes.iter().flatten().next()?.domain;
    for &state in states {
        for one in &program.state(state).moves {
            let step = &pattern.steps[one.step];
            let good = if state == program.start {
                let single = step.alias.is_some_and(|alias| !pattern.aliases[alias].list);
                step.compare.is_empty() && single && keyed.binds[one.step].iter().any(|bind| bind.0 == domain)
            } else {
                step.compare.len() == 1 && keyed.probes[one.step].is_some_and(|probe| probe.domain == domain)
            };
            if !good {
                return None;
            }
        }
    }
    Some(Some(domain))
}
