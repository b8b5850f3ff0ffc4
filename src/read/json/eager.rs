//! Columns that are read along with the records, while each record's text is at hand.
//!
//! A column begins with the type of its first value and goes on as long as all values are of it and
//! there is nothing to say about them (integers beyond 64 bits, strings that are no text). Otherwise it is given up, and read from the spans as any other, with the same result.

use arrow::array::{Float64Array, Int64Array};
use arrow::buffer::Buffer;

use super::column::Nullable;
use super::record::text_value;
use super::string;
use super::views::{Views, ascii};
use crate::data::{Column, Type};
use crate::read::value::{Number, parse_number};

/// A column that grows.
#[derive(Debug)]
pub(super) struct Eager<'m> {
    morsel: &'m Buffer,
    /// With room for about so many rows.
    rows: usize,
    /// Numbers are floats, also those written as integers.
    is_float: bool,
    held: Held<'m>,
}

#[derive(Debug)]
enum Held<'m> {
    /// So many nulls.
    Nulls(usize),
    Str(Views<'m>),
    Int(Nullable<i64>),
    Float(Nullable<f64>),
    GivenUp,
}

impl<'m> Eager<'m> {
    /// A column of a field of this type.
    pub(super) fn new(morsel: &'m Buffer, ty: &Type, rows: usize) -> Self {
        let held = match ty {
            Type::Any => Held::Nulls(0),
            Type::Str => Held::Str(Views::new(morsel, rows)),
            Type::Int => Held::Int(Nullable::new(rows)),
            Type::Float => Held::Float(Nullable::new(rows)),
            _ => Held::GivenUp,
        };
        Self {
            morsel,
            rows,
            is_float: *ty == Type::Float,
            held,
        }
    }

    /// Adds the value of the next row, which begins at `at` of the morsel; `special`: its line has
    /// backslashes or bytes beyond ASCII.
    #[inline]
    pub(super) fn push(&mut self, value: &[u8], at: usize, special: bool) {
        if value.is_empty() || value == b"null" {
            return match &mut self.held {
                Held::Nulls(n) => *n += 1,
                Held::Str(views) => views.push_null(),
                Held::Int(values) => values.push_null(),
                Held::Float(values) => values.push_null(),
                Held::GivenUp => {}
            };
        }
        let fits = match &mut self.held {
            Held::Str(views) => match text_value(value) {
                Some(raw) if !special || string::is_plain(raw) => {
                    views.push(at + 1, ascii(raw));
                    true
                }
                Some(raw) => push_special(views, raw, at + 1),
                None => false,
            },
            Held::Int(values) => match parse_number(value) {
                Some(Number::Int(i)) => {
                    values.push(i);
                    true
                }
                _ => false,
            },
            Held::Float(values) => match parse_number(value) {
                Some(Number::Float(f)) => {
                    values.push(f);
                    true
                }
                Some(number) if self.is_float => {
                    values.push(number.as_f64());
                    true
                }
                _ => false,
            },
            Held::Nulls(n) => {
                let n = *n;
                return self.begin(n, value, at, special);
            }
            Held::GivenUp => return,
        };
        if !fits {
            self.held = Held::GivenUp;
        }
    }

    /// Takes the first value that is not null.
    #[cold]
    fn begin(&mut self, nulls: usize, value: &[u8], at: usize, special: bool) {
        self.held = match (value.first(), parse_number(value)) {
            (Some(b'"'), _) => {
                let mut views = Views::new(self.morsel, self.rows);
                (0..nulls).for_each(|_| views.push_null());
                Held::Str(views)
            }
            (_, Some(Number::Int(_))) => Held::Int(Nullable::of_nulls(nulls, self.rows)),
            (_, Some(Number::Float(_))) => Held::Float(Nullable::of_nulls(nulls, self.rows)),
            _ => Held::GivenUp,
        };
        self.push(value, at, special);
    }

    /// The column, unless it was given up.
    pub(super) fn finish(self) -> Option<Column> {
        Some(match self.held {
            Held::Nulls(n) => Column::nulls(n),
            Held::Str(views) => views.finish(),
            Held::Int(values) => {
                let (values, nulls) = values.finish();
                Column::Int(Int64Array::new(values.into(), nulls))
            }
            Held::Float(values) => {
                let (values, nulls) = values.finish();
                Column::Float(Float64Array::new(values.into(), nulls))
            }
            Held::GivenUp => return None,
        })
    }
}

/// Adds text that may have escapes; whether it could be read.
fn push_special(views: &mut Views<'_>, raw: &[u8], at: usize) -> bool {
    match string::check(raw, at) {
        Ok(true) => {
            let mut plain = Vec::new();
            let read = string::unescape(raw, at, &mut plain).is_ok();
            views.push_copy(&String::from_utf8_lossy(&plain));
            read
        }
        Ok(false) => {
            views.push(at, std::str::from_utf8(raw).unwrap_or_default());
            true
        }
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::column::{Cell, ColumnReader};
    use super::super::walk::Span;
    use super::*;
    use crate::data::{FieldId, Path};
    use crate::read::time::TimeReader;
    use crate::read::{FieldPlan, TimeUnit};
    use proptest::prelude::*;

    fn value() -> impl Strategy<Value = &'static str> {
        prop_oneof![
            Just(""),
            Just("null"),
            Just("1"),
            Just("-7"),
            Just("2.5"),
            Just("1e3"),
            Just("9223372036854775808"),
            Just("\"a\""),
            Just("\"longer than a view holds\""),
            Just("\"a\\n\""),
            Just("\"\u{e9}\""),
            Just("\"\\ud800\""),
            Just("true"),
            Just("[1]"),
            Just("01"),
            Just("\"\t\""),
        ]
    }

    proptest! {
        /// What was read along is what is read later.
        #[test]
        fn columns_are_as_those_read_later(
            values in (0_usize..3).prop_flat_map(|kinds| proptest::collection::vec(
                value().prop_filter("of few kinds", move |value| match kinds {
                    0 => true,
                    1 => !value.starts_with(['"', 't', '[']),
                    _ => value.is_empty() || value.starts_with(['"', 'n']),
                }),
                0..8,
            )),
            ty in prop_oneof![Just(Type::Any), Just(Type::Str), Just(Type::Int), Just(Type::Float), Just(Type::Bool)],
        ) {
            let morsel = Buffer::from_vec(format!(" {}", values.join(" ")).into_bytes());
            let mut at = 1;
            let mut cells = Vec::new();
            for (row, value) in values.iter().enumerate() {
                let end = if value.is_empty() { 0 } else { at + value.len() };
                let special = value.bytes().any(|byte| byte == b'\\' || !(0x20..0x80).contains(&byte));
                let start = if value.is_empty() { 0 } else { at };
                let span = Span { start: start as u32, end: end as u32 };
                cells.push(Cell { row: row as u32, span, special });
                at += value.len() + 1;
            }
            let mut eager = Eager::new(&morsel, &ty, 2);
            for cell in &cells {
                eager.push(cell.span.of(&morsel), cell.span.start as usize, cell.special);
            }
            let field = FieldPlan {
                id: FieldId(0),
                path: Path::key("x"),
                ty,
                declared: false,
                required: false,
                first: false,
            };
            let mut reader = ColumnReader {
                morsel: &morsel,
                times: TimeReader::new(TimeUnit::Auto),
                big_ints: Vec::new(),
                bad: Vec::new(),
            };
            let later = reader.read(&field, cells.iter().copied());
            if let Some(column) = eager.finish() {
                prop_assert!(reader.bad.is_empty() && reader.big_ints.is_empty());
                let all = |column: &Column| (0..column.len()).map(|row| column.value(row)).collect::<Vec<_>>();
                prop_assert_eq!(format!("{:?}", all(&column)), format!("{:?}", all(&later)));
            }
        }
    }
}
