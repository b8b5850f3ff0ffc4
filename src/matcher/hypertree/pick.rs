//! A batch of rows through the index: which rules are true where.
//!
//! Cost: one pass over each field that is asked for, a sort of what is found by atom (by counting), and
//! a judgement of each rule in each row that finds it. Texts that repeat within the batch are looked at once.

use indexmap::IndexMap;

use crate::data::value::FixedHasher;
use crate::data::{Column, Value};
use crate::eval::{Evaluator, Program};
use crate::ir::ExprId;

use super::atom::cell;
use super::cell::Cell;
use super::{Field, Hypertree};

/// What was found in a batch.
#[derive(Debug, Default)]
pub struct Found {
    /// The rules that are, or may be, true somewhere, in order of their readers.
    pub picked: Vec<Picked>,
    /// In how many rows some rule was looked at, added up over the rules.
    pub looked: u64,
}

/// A rule, and rows.
#[derive(Debug)]
pub struct Picked {
    /// Its reader.
    pub reader: usize,
    /// The rows, ascending, as numbers of the batch; never empty.
    pub rows: Vec<u32>,
    /// How many of the rule's filters these rows are known to pass: all of them, or none.
    pub passed: usize,
}

/// From this many rows on the evaluator is faster than to judge row by row.
const MANY: usize = 128;

/// A rule, and the places among the selected rows where it may be true, ascending.
struct Candidate {
    rule: u32,
    places: Vec<u32>,
    /// Some of them are there because of their values' types.
    odd: bool,
}

impl Hypertree {
    /// Finds the rules that are true somewhere among the selected rows of a batch of `len` rows.
    pub fn pick(
        &self,
        program: &Program<'_>,
        evaluator: &mut Evaluator<'_>,
        rows: Option<&[u32]>,
        len: usize,
    ) -> Found {
        let n = rows.map_or(len, <[u32]>::len);
        let mut columns = Columns::new(self.places, rows, n);
        let mut marks: Vec<(u32, u32)> = Vec::new();
        for field in &self.fields {
            let column = columns.whole(evaluator, field.place, field.value);
            self.mark(program, field, column, &mut marks);
        }
        let lists = Lists::of(&marks, self.atoms.len());
        drop(marks);
        let candidates = self.candidates(&lists, &mut columns, evaluator);
        let mut found = Found::default();
        for candidate in &candidates {
            found.looked += candidate.places.len() as u64;
            let of = &self.rules[candidate.rule as usize];
            let many = candidate.places.len() > MANY;
            let (places, sure) = if of.exact && !candidate.odd {
                (candidate.places.clone(), true)
            } else if many {
                (candidate.places.clone(), false)
            } else {
                self.judge(program, candidate, &candidates, &mut columns, evaluator)
            };
            if places.is_empty() {
                continue;
            }
            found.picked.push(Picked {
                reader: of.reader,
                rows: match rows {
                    None => places,
                    Some(rows) => places.iter().map(|&at| rows[at as usize]).collect(),
                },
                passed: if sure { of.filters } else { 0 },
            });
        }
        found
    }

    /// Notes which atoms of a field are found in which rows, as (atom, place among the rows).
    fn mark(&self, program: &Program<'_>, field: &Field, column: &Column, marks: &mut Vec<(u32, u32)>) {
        if matches!(column, Column::Const(Value::Null, _)) {
            return;
        }
        if field.has_texts {
            mark_texts(field, column, marks);
        }
        if field.numbers.has_equal() && !matches!(column, Column::Str(_)) {
            for at in 0..column.len() {
                let numbers = field.numbers.find(&cell(column, at));
                marks.extend(numbers.iter().map(|&atom| (atom, at as u32)));
            }
        }
        if field.numbers.has_ranges() && !matches!(column, Column::Str(_)) {
            let holds = |atom: u32, at: usize| {
                let atom = self.atoms.get(atom);
                atom.holds(program, &cell(column, at)) == Some(true)
            };
            let mut take = |atom: u32, at: u32| marks.push((atom, at));
            field.numbers.find_in_ranges(column, &holds, &mut take);
        }
    }

    /// For each rule that some row finds, in order, the places of these rows.
    fn candidates(&self, lists: &Lists, columns: &mut Columns<'_>, evaluator: &mut Evaluator<'_>) -> Vec<Candidate> {
        let mut found: IndexMap<u32, Candidate, FixedHasher> = IndexMap::default();
        // Lists of rules with several atoms have still to be put in order.
        let mut untidy: Vec<u32> = Vec::new();
        let mut add = |rule: u32, places: &[u32], odd: bool| {
            let known = found.entry(rule).or_insert(Candidate {
                rule,
                places: Vec::new(),
                odd: false,
            });
            if !known.places.is_empty() {
                untidy.push(rule);
            }
            known.places.extend(places);
            known.odd |= odd;
        };
        for (atom, places) in lists.each() {
            for &rule in &self.posted[atom].rules {
                add(rule, places, false);
            }
        }
        for guard in &self.guards {
            let column = columns.whole(evaluator, guard.place, guard.value);
            let odd = odd_places(column, guard.kind);
            if !odd.is_empty() {
                guard.rules.iter().for_each(|&rule| add(rule, &odd, true));
            }
        }
        for rule in untidy {
            if let Some(known) = found.get_mut(&rule) {
                known.places.sort_unstable();
                known.places.dedup();
            }
        }
        let mut found: Vec<Candidate> = found.into_values().collect();
        found.sort_unstable_by_key(|entry| entry.rule);
        found
    }
}

/// The rows whose values are neither null nor of a kind.
fn odd_places(column: &Column, kind: super::cell::Kind) -> Vec<u32> {
    use super::cell::Kind;
    let even = match column {
        Column::Bool(_) => kind == Kind::Bool,
        Column::Int(_) | Column::Float(_) => kind == Kind::Number,
        Column::Str(_) => kind == Kind::Text,
        Column::Timestamp(_) => kind == Kind::Time,
        Column::Duration(_) => kind == Kind::Span,
        Column::Const(..) | Column::Any(_) => false,
    };
    if even {
        return Vec::new();
    }
    let odd = |at: &u32| match cell(column, *at as usize) {
        Cell::Null => false,
        other => other.kind() != Some(kind),
    };
    (0..column.len() as u32).filter(odd).collect()
}

/// Notes the atoms that texts satisfy. Texts that come again are looked up, as long as they do.
fn mark_texts(field: &Field, column: &Column, marks: &mut Vec<(u32, u32)>) {
    /// After so many texts it is found out whether they repeat.
    const TRIAL: usize = 48;
    let mut known: IndexMap<&str, (u32, u32), FixedHasher> = IndexMap::default();
    let mut arena: Vec<u32> = Vec::new();
    let mut keep = !field.texts.is_cheap();
    let mut seen = 0;
    for at in 0..column.len() {
        let Cell::Text(text) = cell(column, at) else { continue };
        seen += 1;
        let from = arena.len();
        let (from, to) = match known.get(text).filter(|_| keep) {
            Some(&(from, to)) => (from as usize, to as usize),
            None => {
                field.texts.find(&field.subject.fold.apply(text), &mut arena);
                if keep {
                    known.insert(text, (from as u32, arena.len() as u32));
                    keep = seen < TRIAL || known.len() * 2 < seen;
                }
                (from, arena.len())
            }
        };
        marks.extend(arena[from..to].iter().map(|&atom| (atom, at as u32)));
        if !keep {
            arena.clear();
            known.clear();
        }
    }
}

/// The rows in which each atom was found.
struct Lists {
    /// By atom, where its rows begin.
    starts: Vec<u32>,
    places: Vec<u32>,
}

impl Lists {
    fn of(marks: &[(u32, u32)], atoms: usize) -> Self {
        let mut starts = vec![0_u32; atoms + 1];
        for &(atom, _) in marks {
            starts[atom as usize + 1] += 1;
        }
        for at in 0..atoms {
            starts[at + 1] += starts[at];
        }
        let mut next = starts.clone();
        let mut places = vec![0; marks.len()];
        for &(atom, place) in marks {
            places[next[atom as usize] as usize] = place;
            next[atom as usize] += 1;
        }
        Self { starts, places }
    }

    /// The atoms that were found anywhere, in order, each with its rows in order.
    fn each(&self) -> impl Iterator<Item = (usize, &[u32])> {
        let bounds = self.starts.windows(2).enumerate();
        bounds
            .filter(|(_, pair)| pair[0] < pair[1])
            .map(|(atom, pair)| (atom, &self.places[pair[0] as usize..pair[1] as usize]))
    }
}

/// Fields of the batch, read when first asked for.
struct Columns<'r> {
    rows: Option<&'r [u32]>,
    n: usize,
    /// By place in the index, for all the selected rows.
    whole: Vec<Option<Column>>,
    /// For those that were found.
    some: Vec<Option<Column>>,
    union: Option<Union>,
}

/// The rows that any rule is looked at in.
struct Union {
    rows: Vec<u32>,
    /// By place among the selected rows, the place among these.
    at: Vec<u32>,
}

impl<'r> Columns<'r> {
    fn new(places: usize, rows: Option<&'r [u32]>, n: usize) -> Self {
        Self {
            rows,
            n,
            whole: vec![None; places],
            some: vec![None; places],
            union: None,
        }
    }

    fn whole(&mut self, evaluator: &mut Evaluator<'_>, place: usize, value: ExprId) -> &Column {
        self.whole[place].get_or_insert_with(|| evaluator.eval(value, self.rows))
    }

    /// A field in a row that some rule is looked at in.
    fn cell(
        &mut self,
        evaluator: &mut Evaluator<'_>,
        (place, value): (usize, ExprId),
        at: u32,
        all: &[Candidate],
    ) -> Cell<'_> {
        if let Some(column) = &self.whole[place] {
            return cell(column, at as usize);
        }
        let union = self.union.get_or_insert_with(|| Union::of(all, self.n, self.rows));
        let column = self.some[place].get_or_insert_with(|| evaluator.eval(value, Some(&union.rows)));
        cell(column, union.at[at as usize] as usize)
    }
}

impl Hypertree {
    /// The places in which a rule is true, and that this is sure; or those in which it may be.
    fn judge(
        &self,
        program: &Program<'_>,
        candidate: &Candidate,
        all: &[Candidate],
        columns: &mut Columns<'_>,
        evaluator: &mut Evaluator<'_>,
    ) -> (Vec<u32>, bool) {
        let verdict = &self.rules[candidate.rule as usize].verdict;
        let (mut kept, mut sure) = (Vec::new(), true);
        for &at in &candidate.places {
            let mut holds = |number: u32| {
                let atom = self.atoms.get(number);
                let place = (self.place_of[number as usize] as usize, atom.value);
                atom.holds(program, &columns.cell(evaluator, place, at, all))
            };
            match verdict.judge(&mut holds) {
                Some(true) => kept.push(at),
                Some(false) => {}
                None => {
                    sure = false;
                    kept.push(at);
                }
            }
        }
        (kept, sure)
    }
}

impl Union {
    fn of(all: &[Candidate], n: usize, selected: Option<&[u32]>) -> Self {
        let mut at = vec![u32::MAX; n];
        for &place in all.iter().flat_map(|entry| &entry.places) {
            at[place as usize] = 0;
        }
        let mut rows = Vec::new();
        for (place, next) in at.iter_mut().enumerate().filter(|(_, next)| **next == 0) {
            *next = rows.len() as u32;
            rows.push(selected.map_or(place as u32, |selected| selected[place]));
        }
        Self { rows, at }
    }
}
