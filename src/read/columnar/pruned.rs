//! Whether anything in a slice can matter, by what the file says about its columns.

use arrow::datatypes::{DataType, TimeUnit};

use super::binding::Found;
use super::bounds::Bounds;
use super::decode::UNTYPED;
use super::slice::Slice;
use crate::data::Value;

/// Whether no row of a slice can matter to anybody. What is bad in it then does not show, as in text
/// that holds none of the literals looked for.
pub(super) fn is_pruned(slice: &Slice) -> bool {
    let plan = &slice.plan;
    if plan.check_all || (plan.time_of_all && !times_are_sound(slice)) {
        return false;
    }
    types(slice).is_some_and(|types| types.iter().all(|of| is_out(slice, *of)))
}

/// The types that the rows may have of those that somebody reads; none: it cannot be told, and the
/// type field may hold what is none.
fn types(slice: &Slice) -> Option<Vec<usize>> {
    let binding = &slice.binding;
    if let Some(bound) = &slice.info.event_type {
        return Some(binding.type_index(bound).into_iter().collect());
    }
    let Some(first) = binding.type_fields.first() else {
        return Some(binding.type_index(UNTYPED).into_iter().collect());
    };
    if !types_are_text(slice) {
        return None;
    }
    let bounds = bounds(slice, first)?;
    let named = &slice.plan.types;
    let (Some(Value::Str(least)), Some(Value::Str(greatest)), Some(0)) =
        (&bounds.least, &bounds.greatest, bounds.nulls)
    else {
        return Some((0..binding.types.len()).collect());
    };
    let within = |name: &str| (least.as_ref()..=greatest.as_ref()).contains(&name);
    let all = named.iter().enumerate();
    let mut found: Vec<usize> = all.filter(|(_, ty)| within(&ty.name)).map(|(of, _)| of).collect();
    // Bounds may be cut off, so that equal ones say that all are equal only where they are a name.
    let one = least == greatest && named.iter().any(|ty| ty.name.as_str() == &**least);
    if slice.plan.other.is_some() && !one {
        found.push(named.len());
    }
    Some(found)
}

/// The type that all rows have for those that read them, where that can be told without looking at them.
pub(super) fn only_type(slice: &Slice) -> Option<usize> {
    // Without `other`, there may be rows of types that nobody reads.
    slice.plan.other.as_ref()?;
    match types(slice)?[..] {
        [of] => Some(of),
        _ => None,
    }
}

/// Whether no row can have a type that is no text.
pub(super) fn types_are_text(slice: &Slice) -> bool {
    let sound = |field: &Found| field.rest.0.is_empty() && data_type(slice, field).is_some_and(is_text);
    slice.binding.type_fields.iter().all(sound)
}

/// Whether rows of a type cannot matter.
fn is_out(slice: &Slice, of: usize) -> bool {
    is_at_another_time(slice, of) || lacks(slice, of).unwrap_or(false)
}

/// Whether the times of rows of a type lie outside what was asked for.
fn is_at_another_time(slice: &Slice, of: usize) -> bool {
    let (from, to) = (slice.plan.from, slice.plan.to);
    if from.is_none() && to.is_none() {
        return false;
    }
    let first = slice.binding.types[of].times.first();
    // A row without a time has that of a row before it.
    let known = first
        .and_then(|field| bounds(slice, field))
        .filter(|bounds| bounds.nulls == Some(0));
    match known.map(|bounds| (bounds.least, bounds.greatest)) {
        Some((Some(Value::Timestamp(least)), Some(Value::Timestamp(greatest)))) => {
            from.is_some_and(|from| greatest < from) || to.is_some_and(|to| least >= to)
        }
        _ => false,
    }
}

/// Whether no alternative of what rows of a type must be like can hold.
fn lacks(slice: &Slice, of: usize) -> Option<bool> {
    let alternatives = slice.plan.bounds.get(of)?.as_ref()?;
    let ty = &slice.binding.types[of];
    let out = |bounds: &Vec<crate::read::Bound>| {
        bounds.iter().any(|bound| {
            let found = ty.index(bound.field).and_then(|at| ty.fields[at].as_ref());
            found
                .and_then(|found| self::bounds(slice, found))
                .is_some_and(|known| known.exclude(bound))
        })
    };
    Some(alternatives.iter().all(out))
}

/// What the file says about a field.
fn bounds(slice: &Slice, field: &Found) -> Option<Bounds> {
    let place = slice.binding.places.get_index(field.place)?;
    field.rest.0.is_empty().then(|| slice.morsel.table.bounds(place))
}

/// Whether no time in the slice can be one that cannot be read.
fn times_are_sound(slice: &Slice) -> bool {
    let types = slice.binding.types.iter().map(|ty| &ty.times);
    types.chain([&slice.binding.stray]).flatten().all(|field| {
        let whole = matches!(
            data_type(slice, field),
            Some(DataType::Timestamp(TimeUnit::Nanosecond, _))
        );
        let known = || bounds(slice, field).map(|bounds| (bounds.least, bounds.greatest));
        let within = || matches!(known(), Some((Some(Value::Timestamp(_)), Some(Value::Timestamp(_)))));
        field.rest.0.is_empty() && (whole || within())
    })
}

fn data_type<'s>(slice: &'s Slice, field: &Found) -> Option<&'s DataType> {
    let place = slice.binding.places.get_index(field.place)?;
    let mut ty = slice.morsel.input.schema.fields().get(place.column)?.data_type();
    for name in &place.inner {
        let DataType::Struct(members) = ty else { return None };
        ty = members.iter().find(|member| member.name() == name)?.data_type();
    }
    Some(ty)
}

fn is_text(ty: &DataType) -> bool {
    match ty {
        DataType::Dictionary(_, values) => is_text(values),
        other => matches!(other, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View),
    }
}
