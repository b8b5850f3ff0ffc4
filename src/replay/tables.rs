//! Tables that rows are looked up in (`.enrich`): read once, before the run.
//!
//! Memory follows the columns that are asked for. Of rows with equal keys the last one counts; rows
//! whose key is null (or not a number) are never found.

use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;

use super::{RunError, TableReport};
use crate::data::{Column, FieldId, Path, Type, Value};
use crate::diag::Span;
use crate::ir::{Enrich, Table};
use crate::ordered::{KeyTable, Keys, can_equal};
use crate::plan::{Plan, StepKind};
use crate::read::{DecodePlan, FieldPlan, Format, Input, InputSpec, Morsel, ReadOptions, TypePlan};

/// The name under which a table's rows are read; tables have no event types.
const ROW: &str = "row";
/// About how many bytes of text are decoded at a time.
const MORSEL: usize = 1 << 20;

/// The tables of a program.
#[derive(Debug, Default)]
pub(super) struct Tables(Vec<LookUp>);

/// One of them.
#[derive(Debug)]
pub(super) struct LookUp {
    table: Table,
    keys: KeyTable,
    /// For each key its row.
    rows: Vec<u32>,
    /// The columns that are asked for. Behind the last row stands one of nulls.
    columns: Vec<(String, Column)>,
    /// How many rows there are, and in how many the key occurs again.
    len: usize,
    repeated: usize,
    /// Types of values that are keys.
    types: Vec<&'static str>,
}

impl Tables {
    /// Reads the tables of a program.
    ///
    /// # Errors
    /// When one cannot be read, lacks a column, or its keys can never equal what is looked up.
    pub(super) fn load(plan: &Plan) -> Result<Self, RunError> {
        let steps = plan.stages.iter().flat_map(|stage| &stage.steps);
        let enriches = steps.filter_map(|step| match &step.kind {
            StepKind::Enrich(enrich) => Some(&**enrich),
            _ => None,
        });
        let mut asked: Vec<(&Enrich, Vec<String>)> = Vec::new();
        let all: Vec<&Enrich> = enriches.collect();
        for enrich in &all {
            let at = asked.iter().position(|(known, _)| known.table == enrich.table);
            let at = at.unwrap_or_else(|| {
                asked.push((enrich, Vec::new()));
                asked.len() - 1
            });
            for (name, _) in &enrich.fields {
                if !asked[at].1.contains(name) {
                    asked[at].1.push(name.clone());
                }
            }
        }
        let read = |(enrich, fields): (&Enrich, Vec<String>)| LookUp::read(plan, enrich, fields);
        let tables = Self(asked.into_iter().map(read).collect::<Result<_, _>>()?);
        for enrich in all {
            tables.check_key(plan, enrich)?;
        }
        Ok(tables)
    }

    /// The table of a lookup.
    pub(super) fn get(&self, table: &Table) -> Option<&LookUp> {
        self.0.iter().find(|known| known.table == *table)
    }

    /// What the summary says of them.
    pub(super) fn reports(&self) -> Vec<TableReport> {
        let report = |table: &LookUp| TableReport {
            name: table.table.name.clone(),
            path: table.table.path.clone(),
            rows: table.len as u64,
            repeated: table.repeated as u64,
        };
        self.0.iter().map(report).collect()
    }

    /// What is looked up must be able to equal a key.
    fn check_key(&self, plan: &Plan, enrich: &Enrich) -> Result<(), RunError> {
        let ty = plan.query.exprs.ty(enrich.key).non_null();
        let Some(table) = self.get(&enrich.table) else {
            return Ok(());
        };
        if table.types.is_empty() || table.types.iter().any(|found| comparable(ty, found)) {
            return Ok(());
        }
        let Table { name, path, key } = &enrich.table;
        let held = table.types.join(", ");
        let message = format!("the keys of `{name}` are of type {held}, what is looked up is of type {ty}");
        let mut help = format!("they are never equal; the keys are the column `{key}` of `{path}`");
        if let [found @ ("int" | "float" | "str" | "bool")] = table.types[..] {
            help.push_str(&format!(": convert what is looked up, `key: {found}(..)`"));
        }
        Err(error(enrich.span, message, help))
    }
}

/// Whether a value of a type can equal one of the type that `typeof` calls so.
fn comparable(ty: &Type, found: &str) -> bool {
    match ty {
        Type::Any | Type::Null | Type::Optional(_) | Type::Stream(_) => true,
        Type::Int | Type::Float => matches!(found, "int" | "float"),
        Type::Bool => found == "bool",
        Type::Str => found == "str",
        Type::Timestamp => found == "timestamp",
        Type::Duration => found == "duration",
        Type::List(_) | Type::Tuple(_) => found == "list",
        Type::Map(..) | Type::Record(_) => found == "map",
    }
}

fn error(span: Span, message: String, help: String) -> RunError {
    RunError::Table { span, message, help }
}

impl LookUp {
    fn read(plan: &Plan, enrich: &Enrich, mut names: Vec<String>) -> Result<Self, RunError> {
        let Table { name, path, key } = &enrich.table;
        let cannot = |reason: String| {
            let help = format!("the table is the file `{path}`, its key the column `{key}`");
            error(
                enrich.span,
                format!("the table `{name}` cannot be read: {reason}"),
                help,
            )
        };
        names.insert(0, key.clone());
        let mut input = open(path, plan.decode.max_record_bytes).map_err(&cannot)?;
        let there = input.columns();
        let decode = Arc::new(decode(plan, &names));
        let mut morsels: Vec<Morsel> = Vec::new();
        while let Some(morsel) = input.next_morsel().map_err(|error| cannot(error.reason))? {
            morsels.push(morsel);
        }
        let parts = morsels.par_iter().map(|morsel| part(morsel, &decode, names.len()));
        let parts = parts.collect::<Result<Vec<_>, _>>().map_err(&cannot)?;
        input.check().map_err(|error| cannot(error.reason))?;
        let all = |at: usize| {
            let parts: Vec<&Column> = parts.iter().flatten().map(|columns| &columns[at]).collect();
            if parts.is_empty() {
                Column::nulls(0)
            } else {
                Column::concat(&parts)
            }
        };
        let mut columns: Vec<Column> = (0..names.len()).map(all).collect();
        for (name, column) in names.iter().zip(&columns) {
            if let Some(what) = missing(name, column, there.as_deref()) {
                return Err(cannot(what));
            }
        }
        let key = columns.remove(0);
        let len = key.len();
        let (keys, rows) = index(&key);
        let there = can_equal(std::slice::from_ref(&key), len);
        Ok(Self {
            table: enrich.table.clone(),
            repeated: there.iter().filter(|&&there| there).count() - rows.len(),
            types: types(&key),
            columns: names.drain(1..).zip(columns.iter().map(with_null)).collect(),
            len,
            keys,
            rows,
        })
    }

    /// For each value the row whose key it equals; the number of rows where there is none.
    pub(super) fn find(&self, values: Column) -> Vec<u32> {
        let len = values.len();
        let there = can_equal(std::slice::from_ref(&values), len);
        let keys = Keys::new(vec![values], len);
        let row = |(there, number): (bool, Option<u32>)| match number {
            Some(number) if there => self.rows[number as usize],
            _ => self.len as u32,
        };
        there
            .into_iter()
            .zip(self.keys.find_each(&keys, len))
            .map(row)
            .collect()
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// A column, with a null behind its last row.
    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        let mut columns = self.columns.iter();
        columns.find(|(known, _)| known == name).map(|(_, column)| column)
    }
}

fn open(path: &str, max_record_bytes: usize) -> Result<Input, String> {
    let spec = InputSpec {
        csv: crate::read::CsvOptions::default(),
        path: PathBuf::from(path),
        event_type: Some(ROW.to_owned()),
        format: Format::Auto,
    };
    let options = ReadOptions {
        morsel_bytes: MORSEL,
        max_record_bytes,
        mmap: true,
    };
    if path == "-" {
        return Err("stdin is no table".to_owned());
    }
    Input::open(&spec, 0, &options).map_err(|error| error.reason)
}

/// What is decoded: the columns of these names, whatever is in them.
fn decode(plan: &Plan, names: &[String]) -> DecodePlan {
    let field = |(at, name): (usize, &String)| FieldPlan {
        id: FieldId(at as u32),
        path: Path::dotted(name),
        ty: Type::Any,
        declared: false,
        required: false,
        first: false,
    };
    DecodePlan {
        types: vec![TypePlan {
            name: ROW.to_owned(),
            event: ROW.to_owned(),
            fields: names.iter().enumerate().map(field).collect(),
            time: None,
        }],
        time_unit: plan.decode.time_unit,
        max_record_bytes: plan.decode.max_record_bytes,
        ..DecodePlan::default()
    }
}

/// The columns of a piece of the file.
fn part(morsel: &Morsel, plan: &Arc<DecodePlan>, count: usize) -> Result<Vec<Vec<Column>>, String> {
    let decoded = morsel.decode(plan);
    let mut bad = decoded.bad;
    let mut parts = Vec::new();
    for (_, rows) in &decoded.batches {
        parts.push((0..count).map(|at| rows.column(FieldId(at as u32), None)).collect());
        bad.extend(rows.take_bad().into_iter().map(|(_, bad)| bad));
    }
    match bad.first() {
        None => Ok(parts),
        Some(bad) => Err(format!("at byte {}: {}", bad.at, bad.reason)),
    }
}

/// What to say when a column is not there: `names` are those of the file, where it says.
fn missing(name: &str, column: &Column, names: Option<&[String]>) -> Option<String> {
    let first = name.split('.').next().unwrap_or(name);
    match names {
        Some(names) if names.iter().any(|known| known == name || known == first) => None,
        Some(names) => Some(format!("it has no column `{name}`, only {}", listed(names))),
        None if column.is_empty() || (0..column.len()).any(|row| !column.is_null(row)) => None,
        None => Some(format!("none of its {} rows has a field `{name}`", column.len())),
    }
}

fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// The keys, and for each the last row that has it.
fn index(column: &Column) -> (KeyTable, Vec<u32>) {
    let there = can_equal(std::slice::from_ref(column), column.len());
    let at: Vec<usize> = (0..column.len()).filter(|&row| there[row]).collect();
    let (mut keys, mut numbers) = (KeyTable::default(), Vec::with_capacity(at.len()));
    let values = Keys::new(vec![column.clone()], column.len());
    keys.number(&values, at.iter().copied(), &mut numbers, |_| {});
    let mut rows = vec![0; keys.len()];
    for (&row, number) in at.iter().zip(numbers) {
        rows[number as usize] = row as u32;
    }
    (keys, rows)
}

/// The types of the values of a column, each once.
fn types(column: &Column) -> Vec<&'static str> {
    let mut types = Vec::new();
    let mut add = |value: &Value| {
        if !value.is_null() && !types.contains(&value.type_name()) {
            types.push(value.type_name());
        }
    };
    match column {
        Column::Any(values) => values.iter().for_each(&mut add),
        // All values are of one type.
        typed => {
            let first = (0..typed.len()).find(|&row| !typed.is_null(row));
            first.into_iter().for_each(|row| add(&typed.value(row)));
        }
    }
    types
}

fn with_null(column: &Column) -> Column {
    let rows: Vec<u32> = (0..column.len() as u32).collect();
    column.scatter(&rows, column.len() + 1)
}
