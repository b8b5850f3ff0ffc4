//! Equalities between steps as keys.
//!
//! A step that asks `own == value of an event bound before` can be looked up: runs that wait for it are
//! listed by that value. All values that must equal the same one form a *domain*; its keys, together
//! with the partition's, are numbered in one table. Null and NaN equal nothing and have no number.

use std::collections::BTreeMap;

use crate::data::Column;
use crate::ir::{BinaryOp, Bound, Pattern, Selection, Shape, StepId, ValueId, Which};
use crate::ordered::{Batch, KeyTable, Keys, can_equal};

/// The number of no key.
pub(super) const NO_KEY: u32 = u32::MAX;

/// The comparison of a step that it is looked up by: its position in [`crate::ir::PatternStep::compare`].
pub(super) fn key_of(pattern: &Pattern, step: StepId) -> Option<usize> {
    let of = &pattern.steps[step];
    let usable = |bound: &Bound| {
        let alias = &pattern.aliases[bound.alias];
        of.alias != Some(bound.alias) && (bound.which == Which::First || !alias.list)
    };
    of.compare
        .iter()
        .position(|compare| compare.op == BinaryOp::Eq && usable(&compare.other))
}

/// What a step is looked up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Probe {
    /// Its domain.
    pub(super) domain: usize,
    /// The value of its own event.
    pub(super) own: ValueId,
    /// The comparison that the look-up makes needless.
    pub(super) compare: usize,
}

/// The partitions, and the domains of a pattern.
#[derive(Debug)]
pub(super) struct Keyed {
    /// For each step what it is looked up by.
    pub(super) probes: Vec<Option<Probe>>,
    /// For each domain the values that bind it, by the step that is bound.
    domains: Vec<Vec<(StepId, ValueId)>>,
    /// For each step the domains it binds, and the value.
    pub(super) binds: Vec<Vec<(usize, ValueId)>>,
    partitions: KeyTable,
    tables: Vec<KeyTable>,
    /// Absences are looked up by what comes after them, where they stand first.
    leading: Option<StepId>,
}

/// A batch whose rows' keys are asked for.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    /// The steps of its input.
    pub(super) steps: &'a [StepId],
    pub(super) batch: &'a Batch,
    /// The rows of interest, ascending.
    pub(super) rows: Vec<u32>,
}

/// The numbers of the keys of a batch's rows.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    partitions: Vec<u32>,
    /// By domain and value.
    values: BTreeMap<(usize, ValueId), Vec<u32>>,
}

impl Numbers {
    #[inline]
    pub(super) fn partition(&self, row: u32) -> u32 {
        self.partitions[row as usize]
    }

    #[inline]
    pub(super) fn key(&self, domain: usize, value: ValueId, row: u32) -> u32 {
        self.values
            .get(&(domain, value))
            .map_or(NO_KEY, |numbers| numbers[row as usize])
    }
}

impl Keyed {
    pub(super) fn new(pattern: &Pattern) -> Self {
        let mut domains: Vec<(usize, Vec<(StepId, ValueId)>)> = Vec::new();
        let mut probes = vec![None; pattern.steps.len()];
        for (step, probe) in probes.iter_mut().enumerate() {
            let Some(compare) = key_of(pattern, step) else { continue };
            let of = &pattern.steps[step].compare[compare];
            let wanted = (of.other.alias, of.other.values.clone());
            let known = domains.iter().position(|domain| *domain == wanted);
            let domain = known.unwrap_or_else(|| {
                domains.push(wanted);
                domains.len() - 1
            });
            *probe = Some(Probe {
                domain,
                own: of.own,
                compare,
            });
        }
        let domains: Vec<Vec<(StepId, ValueId)>> = domains.into_iter().map(|domain| domain.1).collect();
        let mut binds = vec![Vec::new(); pattern.steps.len()];
        for (domain, values) in domains.iter().enumerate() {
            for &(step, value) in values {
                binds[step].push((domain, value));
            }
        }
        let leading = match &pattern.shape {
            Shape::Seq(parts) => match parts[0] {
                Shape::Absent(step) => Some(step),
                _ => None,
            },
            _ => None,
        };
        Self {
            probes,
            tables: domains.iter().map(|_| KeyTable::default()).collect(),
            domains,
            binds,
            partitions: KeyTable::default(),
            leading,
        }
    }

    /// How many domains there are.
    pub(super) fn domains(&self) -> usize {
        self.domains.len()
    }

    /// How many partitions have been met.
    pub(super) fn partitions(&self) -> usize {
        self.partitions.len()
    }

    /// How many keys of a domain have been met.
    pub(super) fn keys(&self, domain: usize) -> usize {
        self.tables[domain].len()
    }

    /// Numbers the keys of a round's rows.
    pub(super) fn number(&mut self, pattern: &Pattern, batches: &[Asked<'_>]) -> Vec<Numbers> {
        let mut all: Vec<Numbers> = Vec::with_capacity(batches.len());
        // What binds comes first, so that what is looked up finds it.
        for one in batches {
            let mut numbers = Numbers {
                partitions: number(&mut self.partitions, &one.batch.keys, &one.rows, one.batch.len()),
                values: BTreeMap::new(),
            };
            for &step in one.steps {
                for &(domain, value) in &self.binds[step] {
                    let of = numbers.values.entry((domain, value));
                    of.or_insert_with(|| with(&mut self.tables[domain], one, value, true));
                }
            }
            all.push(numbers);
        }
        for (one, numbers) in batches.iter().zip(&mut all) {
            for &step in one.steps {
                let Some(Probe { domain, own, .. }) = self.probes[step] else {
                    continue;
                };
                // Under `.stam` a key may be known by events only that are not kept by it.
                let any = pattern.select == Selection::Any;
                let add = any || self.leading == Some(step) || pattern.absent.contains(&step);
                let of = numbers.values.entry((domain, own));
                of.or_insert_with(|| with(&mut self.tables[domain], one, own, add));
            }
        }
        all
    }

    /// Forgets all keys but the given ones; tells the new numbers of them.
    pub(super) fn sweep(&mut self, live: &[Vec<bool>]) -> Vec<Vec<u32>> {
        let tables = std::iter::once(&mut self.partitions).chain(&mut self.tables);
        tables
            .zip(live)
            .map(|(table, live)| {
                let old = std::mem::take(table);
                let number = |number: usize| {
                    if live[number] {
                        table.number_of(&old, number as u32)
                    } else {
                        NO_KEY
                    }
                };
                (0..old.len()).map(number).collect()
            })
            .collect()
    }

    pub(super) fn bytes(&self) -> usize {
        self.partitions.bytes() + self.tables.iter().map(KeyTable::bytes).sum::<usize>()
    }
}

fn number(table: &mut KeyTable, keys: &Keys, rows: &[u32], len: usize) -> Vec<u32> {
    let mut found = Vec::with_capacity(rows.len());
    table.number(keys, rows.iter().map(|&row| row as usize), &mut found, |_| {});
    if rows.len() == len {
        return found;
    }
    let mut all = vec![NO_KEY; len];
    rows.iter()
        .zip(found)
        .for_each(|(&row, number)| all[row as usize] = number);
    all
}

/// The numbers of a value together with the partition's keys.
fn with(table: &mut KeyTable, of: &Asked<'_>, value: ValueId, add: bool) -> Vec<u32> {
    let Asked { batch, rows, .. } = of;
    let mut columns: Vec<Column> = batch.keys.columns().iter().map(|column| column.take(rows)).collect();
    let value = batch.args[0][value].take(rows);
    let there = can_equal(std::slice::from_ref(&value), rows.len());
    columns.push(value);
    let keys = Keys::new(columns, rows.len());
    let mut all = vec![NO_KEY; batch.len()];
    if add {
        let some: Vec<usize> = (0..rows.len()).filter(|&at| there[at]).collect();
        let mut found = Vec::with_capacity(some.len());
        table.number(&keys, some.iter().copied(), &mut found, |_| {});
        some.iter()
            .zip(found)
            .for_each(|(&at, number)| all[rows[at] as usize] = number);
    } else {
        let found = table.find_each(&keys, rows.len());
        for (at, number) in found.into_iter().enumerate().filter(|(at, _)| there[*at]) {
            all[rows[at] as usize] = number.unwrap_or(NO_KEY);
        }
    }
    all
}
