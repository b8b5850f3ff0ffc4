//! A morsel -> records by type, bad records, times.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, StringViewArray};
use arrow::datatypes::DataType;

use super::TableMorsel;
use super::binding::Found;
use super::convert::{Converter, Fault, always_fits, natural, selected, text_views, values};
use super::pruned::{is_pruned, only_type};
use super::rows::TableRows;
use super::slice::Slice;
use crate::data::{BadCause, BadRecord, Column, EventRows, Position, Value};
use crate::read::time::TimeReader;
use crate::read::{Base, DecodePlan, Decoded, FieldPlan, InputInfo, NO_TYPE};

/// The type of records that name none.
pub(super) const UNTYPED: &str = "Event";

/// The types of a slice's rows.
#[derive(Debug)]
pub(super) enum Kinds {
    /// All of the same one; none: nobody reads it.
    All(Option<usize>),
    /// Of each row the type, or [`UNREAD`] or [`BAD`].
    Each(Vec<u32>, Vec<u32>),
}

const UNREAD: u32 = u32::MAX;
const BAD: u32 = u32::MAX - 1;

impl Kinds {
    /// The type of a row, by its index in the plan; none if nobody reads it.
    pub(super) fn of(&self, row: u32) -> Option<usize> {
        match self {
            Self::All(of) => *of,
            Self::Each(each, _) => each.get(row as usize).filter(|of| **of < BAD).map(|of| *of as usize),
        }
    }

    pub(super) fn uniform(&self) -> bool {
        matches!(self, Self::All(_))
    }

    /// Rows whose type field holds no name, in order, if there are any.
    pub(super) fn bad_rows(&self) -> Option<&[u32]> {
        match self {
            Self::Each(_, bad) if !bad.is_empty() => Some(bad),
            _ => None,
        }
    }

    fn read(slice: &Slice) -> Self {
        let binding = &slice.binding;
        if let Some(bound) = &slice.info.event_type {
            return Self::All(binding.type_index(bound));
        }
        if binding.type_fields.is_empty() {
            return Self::All(binding.type_index(UNTYPED));
        }
        if let Some(of) = only_type(slice) {
            return Self::All(Some(of));
        }
        let names: Vec<Names> = binding
            .type_fields
            .iter()
            .map(|field| Names::of(slice, field))
            .collect();
        let (mut each, mut bad) = (Vec::with_capacity(slice.len()), Vec::new());
        let mut last: Option<((usize, u128), u32)> = None;
        let mut uniform = true;
        for row in 0..slice.len() {
            let index = |name: &str| binding.type_index(name).map_or(UNREAD, |of| of as u32);
            let of = match names.iter().enumerate().find(|(_, names)| names.is_there(row)) {
                None => index(UNTYPED),
                Some((at, Names::Text(texts))) => {
                    // Equal views of one column are equal texts.
                    let view = (at, texts.views()[row]);
                    match last {
                        Some((known, of)) if known == view => of,
                        _ => {
                            let of = index(texts.value(row));
                            last = Some((view, of));
                            of
                        }
                    }
                }
                Some((_, Names::Other(column))) => match column.value(row) {
                    Value::Str(name) => index(&name),
                    Value::Int(number) => index(&number.to_string()),
                    _ => BAD,
                },
            };
            if of == BAD {
                bad.push(row as u32);
            }
            uniform &= each.first().is_none_or(|first| *first == of);
            each.push(of);
        }
        match each.first() {
            Some(first) if uniform && *first != BAD => Self::All((*first != UNREAD).then_some(*first as usize)),
            _ => Self::Each(each, bad),
        }
    }
}

/// A column in which the types of rows are looked for.
pub(super) enum Names {
    Text(StringViewArray),
    Other(Column),
}

impl Names {
    pub(super) fn of(slice: &Slice, field: &Found) -> Self {
        let array = slice.array(field);
        if field.rest.0.is_empty()
            && let Some(texts) = text_views(array)
        {
            return Self::Text(texts);
        }
        let column = match field.rest.0.is_empty() {
            true => natural(array, &mut |_, _| ()).unwrap_or_else(|| values(array)),
            false => values(array),
        };
        let found = (0..column.len()).map(|row| field.rest.find(&column.value(row)));
        Self::Other(Column::from_values(found.collect()))
    }

    fn is_there(&self, row: usize) -> bool {
        match self {
            Self::Text(texts) => texts.is_valid(row),
            Self::Other(column) => !column.is_null(row),
        }
    }

    /// The name in a row, if there is one.
    pub(super) fn name(&self, row: usize) -> Option<Value> {
        self.is_there(row).then(|| match self {
            Self::Text(texts) => Value::str(texts.value(row)),
            Self::Other(column) => match column.value(row) {
                Value::Int(number) => Value::str(&number.to_string()),
                other => other,
            },
        })
    }
}

impl Slice {
    /// The types of the rows, found when first asked for.
    pub(super) fn kinds(&self) -> &Kinds {
        self.kinds.get_or_init(|| Kinds::read(self))
    }

    /// A row as a bad record. Its text is the row as JSON.
    pub(super) fn bad(&self, row: u32, fault: Fault) -> BadRecord {
        let at = self.morsel.start + u64::from(row);
        BadRecord {
            position: Position {
                input: self.info.number,
                offset: at,
            },
            line: u64::from(row),
            at,
            cause: fault.cause,
            reason: fault.reason,
            text: self.text(row),
        }
    }
}

/// Finds the records of a morsel and their types, and checks what is declared.
pub(in crate::read) fn decode(
    morsel: &TableMorsel,
    plan: &Arc<DecodePlan>,
    info: InputInfo,
    base: Option<Base>,
) -> Decoded {
    let slice = Arc::new(Slice::new(morsel, plan, info));
    if let Some(base) = base {
        slice.base.set(base);
    }
    let mut bad = Bad {
        slice: &slice,
        faults: BTreeMap::new(),
    };
    let batches = match is_pruned(&slice) {
        true => Vec::new(),
        false => batches(&slice, &mut bad),
    };
    let bad = bad
        .faults
        .into_iter()
        .map(|(row, fault)| slice.bad(row, fault))
        .collect();
    Decoded {
        look: None,
        batches,
        bad,
        records: morsel.rows as u64,
        lines: morsel.rows as u64,
        bytes: morsel.bytes,
        big_ints: 0,
        late_big_ints: Arc::clone(&slice.big_ints),
        base: Arc::clone(&slice.base),
        clock: slice,
    }
}

/// Bad rows, each with the first thing found to be wrong with it.
struct Bad<'s> {
    slice: &'s Slice,
    faults: BTreeMap<u32, Fault>,
}

impl Bad<'_> {
    fn add(&mut self, row: u32, cause: BadCause, reason: String) {
        self.faults.entry(row).or_insert(Fault { cause, reason });
    }

    fn types(&mut self) {
        for &row in self.slice.kinds().bad_rows().unwrap_or_default() {
            self.add(row, BadCause::BadType, NO_TYPE.to_owned());
        }
    }

    fn times(&mut self) {
        for (row, shown) in &self.slice.times().faults {
            self.add(*row, BadCause::BadTime, format!("`{shown}` is no time"));
        }
    }
}

fn batches(slice: &Arc<Slice>, bad: &mut Bad<'_>) -> Vec<(usize, Arc<dyn EventRows>)> {
    let plan = &slice.plan;
    bad.types();
    let limited = plan.from.is_some() || plan.to.is_some();
    if plan.time_of_all || limited {
        bad.times();
    }
    let mut batches = Vec::new();
    for (of, rows) in by_type(slice) {
        let mut rows = rows;
        if limited {
            rows.drop_if(slice.len(), |row| is_outside(slice, row));
        }
        check_declared(slice, of, &rows, bad);
        if !bad.faults.is_empty() {
            rows.drop_if(slice.len(), |row| bad.faults.contains_key(&row));
        }
        if rows.0.as_ref().is_none_or(|rows| !rows.is_empty()) {
            let rows: Arc<dyn EventRows> = Arc::new(TableRows::new(Arc::clone(slice), of, rows.0));
            batches.push((of, rows));
        }
    }
    batches
}

/// Rows of a slice; none: all of them.
struct Selection(Option<Vec<u32>>);

impl Selection {
    fn drop_if(&mut self, n: usize, mut is_out: impl FnMut(u32) -> bool) {
        match &mut self.0 {
            Some(rows) => rows.retain(|row| !is_out(*row)),
            None => {
                let rows: Vec<u32> = (0..n as u32).filter(|row| !is_out(*row)).collect();
                self.0 = (rows.len() < n).then_some(rows);
            }
        }
    }
}

/// The rows of each type that somebody reads.
fn by_type(slice: &Slice) -> Vec<(usize, Selection)> {
    match slice.kinds() {
        _ if slice.len() == 0 => Vec::new(),
        Kinds::All(of) => of.map(|of| (of, Selection(None))).into_iter().collect(),
        Kinds::Each(each, _) => {
            let mut rows: Vec<Vec<u32>> = vec![Vec::new(); slice.binding.types.len()];
            for (row, of) in each.iter().enumerate() {
                if let Some(rows) = rows.get_mut(*of as usize) {
                    rows.push(row as u32);
                }
            }
            let some = rows.into_iter().enumerate().filter(|(_, rows)| !rows.is_empty());
            some.map(|(of, rows)| (of, Selection(Some(rows)))).collect()
        }
    }
}

fn is_outside(slice: &Slice, row: u32) -> bool {
    let DecodePlan { from, to, .. } = &*slice.plan;
    let before = || slice.base.time_before_first(u64::from(row));
    let time = slice.times().carried(row as usize).or_else(before);
    time.is_some_and(|time| from.is_some_and(|from| time < from) || to.is_some_and(|to| time >= to))
}

/// Checks that what is declared is there, and of its type.
fn check_declared(slice: &Slice, of: usize, rows: &Selection, bad: &mut Bad<'_>) {
    let Some(ty) = slice.plan.types.get(of) else { return };
    let places = &slice.binding.types[of].fields;
    for (field, place) in ty.fields.iter().zip(places).filter(|(field, _)| field.declared) {
        match place {
            Some(found) => check_field(slice, field, found, rows, bad),
            None if field.required => {
                let all = (0..slice.len() as u32).collect();
                for &row in rows.0.as_ref().unwrap_or(&all) {
                    bad.add(row, BadCause::MissingField, missing(field));
                }
            }
            None => {}
        }
    }
}

fn missing(field: &FieldPlan) -> String {
    format!("`{}` is missing, the declaration says {}", field.path, field.ty)
}

fn check_field(slice: &Slice, field: &FieldPlan, found: &Found, rows: &Selection, bad: &mut Bad<'_>) {
    let array = slice.array(found);
    let fits = found.rest.0.is_empty() && always_fits(array.data_type(), &field.ty);
    let nulls = array.logical_null_count() > 0 || array.data_type() == &DataType::Null || !found.rest.0.is_empty();
    if fits && !(nulls && field.required) {
        return;
    }
    let rows = rows.0.as_deref();
    let row = |at: usize| rows.map_or(at as u32, |rows| rows[at]);
    let mut converter = Converter {
        field,
        times: TimeReader::new(slice.plan.time_unit),
        faults: Vec::new(),
        big_ints: Vec::new(),
    };
    let column = converter.column(&selected(array, rows), &found.rest);
    let mut wrong = vec![false; if converter.faults.is_empty() { 0 } else { column.len() }];
    for (at, fault) in converter.faults {
        wrong[at] = true;
        bad.add(row(at), fault.cause, fault.reason);
    }
    if field.required && nulls {
        for at in (0..column.len()).filter(|at| column.is_null(*at) && !wrong.get(*at).is_some_and(|wrong| *wrong)) {
            bad.add(row(at), BadCause::MissingField, missing(field));
        }
    }
}
