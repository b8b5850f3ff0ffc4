//! What a sliding group keeps for a state beside its rows.

use std::cmp::Ordering;
use std::collections::VecDeque;

use indexmap::IndexMap;

use crate::data::value::FixedHasher;
use crate::data::{Column, Key, Value};
use crate::eval::total_order;
use crate::ir::AggFunction;

use super::Groups;
use super::blocks::Blocks;
use super::extremes::{Range, not_ordered, order};
use super::frequencies;
use super::item::{Item, Kinds};
use super::layout::{Call, Kind, Shape};
use super::moments::{Moments, WideSums};
use super::numbers;
use super::quantile;
use super::sketch::Sketch;
use super::state::{Read, State};
use super::truth::Truth;

/// The rows inside, oldest first.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    /// The number of the oldest row since the beginning.
    pub(super) first: u64,
    pub(super) times: VecDeque<i64>,
    /// The values of each different argument.
    pub(super) columns: Vec<VecDeque<Value>>,
}

impl Rows {
    /// The number of the newest row.
    fn newest(&self) -> u64 {
        self.first + self.times.len() as u64 - 1
    }

    fn at(&self, column: usize, row: u64) -> &Value {
        &self.columns[column][(row - self.first) as usize]
    }
}

/// How many values of each type are inside.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Census([u32; 8]);

impl Census {
    fn add(&mut self, kind: Kinds) {
        self.0[kind.0.trailing_zeros() as usize % 8] += 1;
    }

    fn take(&mut self, kind: Kinds) {
        self.0[kind.0.trailing_zeros() as usize % 8] -= 1;
    }

    fn kinds(&self) -> Kinds {
        let bit = |(at, n): (usize, &u32)| u8::from(*n > 0) << at;
        Kinds(self.0.iter().enumerate().map(bit).fold(0, |all, bit| all | bit))
    }
}

/// Sums of finite numbers, and how many values were none.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    moments: Moments<4>,
    wide: Vec<WideSums>,
    census: Census,
    /// NaN, infinity, minus infinity.
    special: [u32; 3],
}

/// The rows that may still become the extreme, oldest first: each better than all after it.
#[derive(Clone, Debug, Default)]
pub(super) struct Ladder(VecDeque<u64>);

impl Ladder {
    /// A row comes; `wanted` is what its value is to those it makes useless.
    fn push(&mut self, rows: &Rows, column: usize, wanted: Ordering) {
        let newest = rows.newest();
        let value = rows.at(column, newest);
        let order = |known: &Value| match Item::of(value).and_then(|item| order(item, known)) {
            Some(order) => order,
            None => total_order(value, known).0,
        };
        while let Some(last) = self.0.back()
            && order(rows.at(column, *last)) == wanted
        {
            self.0.pop_back();
        }
        self.0.push_back(newest);
    }

    fn pop(&mut self, row: u64) {
        if self.0.front() == Some(&row) {
            self.0.pop_front();
        }
    }

    fn best(&self, rows: &Rows, column: usize) -> Value {
        self.0.front().map_or(Value::Null, |row| rows.at(column, *row).clone())
    }
}

/// The state of calls in a sliding group.
#[derive(Clone, Debug)]
pub(super) enum Slide {
    /// The number of rows is known; and what has no way but to be computed again.
    Again(Kind),
    Sums(Box<Sums>),
    Extremes(Ladder, Ladder, Census),
    /// Rows that are not null.
    Present(VecDeque<u64>),
    Truth(Truth, Census),
    Best(Ladder, Ordering, Census),
    Sample(Blocks, Census),
    /// The rows of each value, oldest first.
    Frequencies(IndexMap<Key, VecDeque<u64>, FixedHasher>),
    Sketch(Sketch, Census),
}

impl Slide {
    pub(super) fn new(kind: Kind) -> Self {
        match kind {
            Kind::Count | Kind::Sum | Kind::Moments => Self::Sums(Box::default()),
            Kind::Extremes => Self::Extremes(Ladder::default(), Ladder::default(), Census::default()),
            Kind::First | Kind::Last => Self::Present(VecDeque::new()),
            Kind::Truth => Self::Truth(Truth::default(), Census::default()),
            Kind::ArgMin => Self::Best(Ladder::default(), Ordering::Less, Census::default()),
            Kind::ArgMax => Self::Best(Ladder::default(), Ordering::Greater, Census::default()),
            Kind::Sample => Self::Sample(Blocks::default(), Census::default()),
            Kind::Frequencies => Self::Frequencies(IndexMap::default()),
            Kind::Sketch => Self::Sketch(Sketch::default(), Census::default()),
            Kind::Rows | Kind::All | Kind::Series | Kind::Timed | Kind::Pairs | Kind::Registers => Self::Again(kind),
        }
    }

    /// The newest row has come.
    pub(super) fn push(&mut self, rows: &Rows, inputs: &[usize]) {
        let newest = rows.newest();
        let Some((column, item)) = item_of(rows, inputs, newest) else {
            return;
        };
        match self {
            Self::Again(_) => {}
            Self::Sums(sums) => sums.push(item),
            Self::Extremes(least, greatest, census) => {
                census.add(item.kind());
                least.push(rows, column, Ordering::Less);
                greatest.push(rows, column, Ordering::Greater);
            }
            Self::Present(present) => present.push_back(newest),
            Self::Truth(truth, census) => {
                census.add(item.kind());
                truth.add(item);
            }
            Self::Best(ladder, wanted, census) => {
                if let Some(by) = by_of(rows, inputs, newest) {
                    census.add(by.kind());
                    ladder.push(rows, inputs[1], *wanted);
                }
            }
            Self::Sample(blocks, census) => {
                census.add(item.kind());
                word(item).into_iter().for_each(|word| blocks.insert(word));
            }
            Self::Frequencies(of) => of.entry(Key(item.to_value())).or_default().push_back(newest),
            Self::Sketch(sketch, census) => {
                census.add(item.kind());
                sketch.add(item);
            }
        }
    }

    /// The oldest row is about to leave.
    pub(super) fn pop(&mut self, rows: &Rows, inputs: &[usize]) {
        let oldest = rows.first;
        let Some((_, item)) = item_of(rows, inputs, oldest) else {
            return;
        };
        match self {
            Self::Again(_) => {}
            Self::Sums(sums) => sums.pop(item),
            Self::Extremes(least, greatest, census) => {
                census.take(item.kind());
                least.pop(oldest);
                greatest.pop(oldest);
            }
            Self::Present(present) => drop(present.pop_front()),
            Self::Truth(truth, census) => {
                census.take(item.kind());
                truth.take(item);
            }
            Self::Best(ladder, _, census) => {
                if let Some(by) = by_of(rows, inputs, oldest) {
                    census.take(by.kind());
                    ladder.pop(oldest);
                }
            }
            Self::Sample(blocks, census) => {
                census.take(item.kind());
                word(item).into_iter().for_each(|word| blocks.remove(word));
            }
            Self::Frequencies(of) => {
                let key = Key(item.to_value());
                if let Some(of_value) = of.get_mut(&key) {
                    of_value.pop_front();
                    if of_value.is_empty() {
                        of.swap_remove(&key);
                    }
                }
            }
            Self::Sketch(sketch, census) => {
                census.take(item.kind());
                sketch.take(item);
            }
        }
    }

    /// The value of a call.
    pub(super) fn read(&self, rows: &Rows, shape: &Shape, call: &Call) -> Read {
        let column = || shape.inputs.first().copied().unwrap_or(0);
        match self {
            Self::Again(Kind::Rows) => Ok(Value::Int(rows.times.len() as i64)),
            Self::Again(_) => again(rows, shape, call),
            Self::Sums(sums) => sums.read(call.function),
            Self::Extremes(least, greatest, census) => {
                let kinds = census.kinds();
                if kinds == Kinds::LIST {
                    return ranged(rows, column(), call.function);
                }
                let ladder = if call.function == AggFunction::Min {
                    least
                } else {
                    greatest
                };
                not_ordered(kinds, false).map_or_else(|| Ok(ladder.best(rows, column())), Err)
            }
            Self::Present(present) => {
                let row = if call.function == AggFunction::First {
                    present.front()
                } else {
                    present.back()
                };
                Ok(row.map_or(Value::Null, |row| rows.at(column(), *row).clone()))
            }
            Self::Truth(truth, census) => truth.of_kinds(census.kinds()).read(call.function),
            Self::Best(ladder, _, census) => match census.kinds() {
                Kinds::LIST => again(rows, shape, call),
                kinds => not_ordered(kinds, false).map_or_else(|| Ok(ladder.best(rows, column())), Err),
            },
            Self::Sample(blocks, census) => percentile(blocks, census.kinds(), call),
            Self::Frequencies(of) => frequent(of, rows, column(), call),
            Self::Sketch(sketch, census) => sketch.read(&call.param, census.kinds()),
        }
    }

    /// About how many bytes are held.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Again(_) | Self::Truth(..) => 0,
                Self::Sums(sums) => size_of::<Sums>() + sums.wide.capacity() * size_of::<WideSums>(),
                Self::Extremes(least, greatest, _) => (least.0.capacity() + greatest.0.capacity()) * 8,
                Self::Present(present) => present.capacity() * 8,
                Self::Best(ladder, ..) => ladder.0.capacity() * 8,
                Self::Sample(blocks, _) => blocks.bytes(),
                Self::Frequencies(of) => {
                    let queues: usize = of.values().map(|rows| rows.capacity() * 8).sum();
                    of.capacity() * 80 + queues
                }
                Self::Sketch(sketch, _) => sketch.bytes(),
            }
    }
}

/// The first argument of a row, if it is not null, and its column.
fn item_of<'r>(rows: &'r Rows, inputs: &[usize], row: u64) -> Option<(usize, Item<'r>)> {
    let column = *inputs.first()?;
    Item::of(rows.at(column, row)).map(|item| (column, item))
}

/// The second argument, if it is not null.
fn by_of<'r>(rows: &'r Rows, inputs: &[usize], row: u64) -> Option<Item<'r>> {
    Item::of(rows.at(*inputs.get(1)?, row))
}

/// The word of a number or duration in sorted blocks.
fn word(item: Item<'_>) -> Option<i64> {
    match item {
        Item::Int(i) => Some(quantile::key_of_float(i as f64)),
        Item::Float(x) => Some(quantile::key_of_float(x)),
        Item::Duration(ns) => Some(ns),
        _ => None,
    }
}

fn percentile(blocks: &Blocks, kinds: Kinds, call: &Call) -> Read {
    let durations = kinds == Kinds::DURATION;
    if !durations && !kinds.within(Kinds::NUMBERS) {
        return Err(format!("values of type {} are no numbers", kinds.names()));
    }
    let p = if call.function == AggFunction::Median {
        0.5
    } else {
        quantile::share(&call.param)?
    };
    if blocks.len() == 0 {
        return Ok(Value::Null);
    }
    let (low, high, share) = quantile::place(blocks.len(), p);
    Ok(match (blocks.at(low), blocks.at(high)) {
        (Some(low), Some(high)) => quantile::between(low, high, share, durations),
        _ => Value::Null,
    })
}

/// Of equal values the form of the first row inside is shown.
fn frequent(of: &IndexMap<Key, VecDeque<u64>, FixedHasher>, rows: &Rows, column: usize, call: &Call) -> Read {
    if call.function == AggFunction::CountDistinct {
        return Ok(Value::Int(of.len() as i64));
    }
    let mut entries: Vec<(u64, u64)> = of
        .values()
        .filter_map(|rows| rows.front().map(|first| (*first, rows.len() as u64)))
        .collect();
    entries.sort_unstable();
    let counted = entries.iter().map(|(first, count)| (rows.at(column, *first), *count));
    match call.function {
        AggFunction::Distinct => Ok(counted.map(|(value, _)| value.clone()).collect()),
        AggFunction::Mode => Ok(frequencies::mode(counted)),
        _ => frequencies::top(counted.collect(), &call.param),
    }
}

/// The extreme of lists, computed again: whether their items are alike depends on which are compared.
fn ranged(rows: &Rows, column: usize, function: AggFunction) -> Read {
    let mut range = Range::default();
    rows.columns[column]
        .iter()
        .filter_map(Item::of)
        .for_each(|item| range.widen(item));
    range.read(function)
}

/// The value of a call over all rows inside.
fn again(rows: &Rows, shape: &Shape, call: &Call) -> Read {
    let column = |&at: &usize| Column::Any(rows.columns[at].iter().cloned().collect());
    let columns: Vec<Column> = shape.inputs.iter().map(column).collect();
    let times: Vec<i64> = rows.times.iter().copied().collect();
    let mut state = State::new(shape.kind);
    state.grow(1);
    state.update(&columns.iter().collect::<Vec<_>>(), &times, Groups::One(0));
    state.read(call, 0)
}

impl Sums {
    fn push(&mut self, item: Item<'_>) {
        self.census.add(item.kind());
        match (item, special(item)) {
            (_, Some(at)) => {
                self.special[at] += 1;
                self.moments.add_other(Kinds::FLOAT);
            }
            (Item::Float(x), _) => self.moments.add_float(x, &mut self.wide),
            (Item::Int(x), _) => self.moments.add_int(x, Kinds::INT, &mut self.wide),
            (Item::Duration(x), _) => self.moments.add_int(x, Kinds::DURATION, &mut self.wide),
            (other, _) => self.moments.add_other(other.kind()),
        }
    }

    fn pop(&mut self, item: Item<'_>) {
        self.census.take(item.kind());
        match (item, special(item)) {
            (_, Some(at)) => {
                self.special[at] -= 1;
                self.moments.n -= 1;
            }
            (Item::Float(x), _) => self.moments.take_float(x, &mut self.wide),
            (Item::Int(x) | Item::Duration(x), _) => self.moments.take_int(x, &mut self.wide),
            _ => self.moments.n -= 1,
        }
        if self.moments.n == 0 {
            self.moments = Moments::default();
            self.wide.clear();
        }
    }

    fn read(&self, function: AggFunction) -> Read {
        let held = self.moments.marked(self.census.kinds(), self.special.map(|n| n > 0));
        numbers::value(&held, &self.wide, function)
    }
}

/// Which special value a float is.
fn special(item: Item<'_>) -> Option<usize> {
    match item {
        Item::Float(x) if x.is_nan() => Some(0),
        Item::Float(f64::INFINITY) => Some(1),
        Item::Float(f64::NEG_INFINITY) => Some(2),
        _ => None,
    }
}
