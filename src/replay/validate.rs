//! `.validate(schema: E)`: rows that do not conform to an event's declaration are bad records.

use super::flow::{Flow, View};
use super::rows::Origin;
use crate::data::format::write_json;
use crate::data::time::parse_timestamp;
use crate::data::{BadCause, BadRecord, Column, Type, Value};
use crate::ir::{EventField, EventId};
use crate::plan::Plan;

/// The selected rows that conform, and what is wrong with the others.
pub(super) fn rows(plan: &Plan, event: EventId, flow: &Flow, view: &View) -> (Vec<u32>, Vec<BadRecord>) {
    let event = &plan.query.events[event.0 as usize];
    let columns: Vec<(&EventField, Column)> = event
        .fields
        .iter()
        .map(|field| (field, flow.rows.column(field.field, view.rows.as_deref())))
        .collect();
    let (mut kept, mut bad) = (Vec::new(), Vec::new());
    for (at, row) in view.each(flow.rows.len()).enumerate() {
        match columns
            .iter()
            .find_map(|(field, column)| wrong(field, &column.value(at)))
        {
            None => kept.push(row),
            Some(reason) => {
                let position = flow.position(row);
                let (line, text) = source(flow, row);
                bad.push(BadRecord {
                    position,
                    line,
                    at: position.offset,
                    cause: BadCause::Invalid,
                    reason: format!("{reason} (`.validate` against `{}`)", event.name),
                    text,
                });
            }
        }
    }
    (kept, bad)
}

/// The line and text of a row's record; a row that an operator has made is its own.
pub(super) fn source(flow: &Flow, row: u32) -> (u64, Vec<u8>) {
    match &flow.from.origin {
        Origin::Records(records) => {
            let record = flow.from.source(row);
            (records.line(record), records.text(record).to_vec())
        }
        Origin::Made(_) | Origin::Gathered(_) => {
            let mut text = Vec::new();
            write_json(&flow.rows.whole(row), &mut text);
            (0, text)
        }
    }
}

fn wrong(field: &EventField, value: &Value) -> Option<String> {
    if value.is_null() {
        return field.required.then(|| format!("`{}` is missing", field.name));
    }
    (!conforms(&field.ty, value)).then(|| {
        format!(
            "`{}` is {}, the declaration says {}",
            field.name,
            value.type_name(),
            field.ty
        )
    })
}

/// Whether a value is of a declared type; integers are floats, and text in the form of a time is one.
fn conforms(ty: &Type, value: &Value) -> bool {
    match (ty, value) {
        (Type::Any, _) | (Type::Optional(_), Value::Null) => true,
        (Type::Optional(inner), value) => conforms(inner, value),
        (Type::Bool, Value::Bool(_)) | (Type::Int, Value::Int(_)) | (Type::Str, Value::Str(_)) => true,
        (Type::Float, Value::Float(_) | Value::Int(_)) => true,
        (Type::Timestamp, Value::Timestamp(_) | Value::Int(_) | Value::Float(_)) => true,
        (Type::Timestamp, Value::Str(text)) => parse_timestamp(text.as_bytes()).is_some(),
        (Type::Duration, Value::Duration(_)) => true,
        (Type::List(item), Value::List(items)) => items.iter().all(|value| conforms(item, value)),
        (Type::Tuple(types), Value::List(items)) => {
            types.len() == items.len() && types.iter().zip(items.iter()).all(|(ty, value)| conforms(ty, value))
        }
        (Type::Map(_, of), Value::Map(entries)) => entries.values().all(|value| conforms(of, value)),
        (Type::Record(fields), Value::Map(entries)) => fields.iter().all(|(name, ty)| {
            entries
                .get(&crate::data::Key(Value::str(name)))
                .map_or(ty.nullable(), |value| conforms(ty, value))
        }),
        _ => false,
    }
}
