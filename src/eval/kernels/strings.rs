//! Functions over columns of text.

use arrow::array::{Array, BooleanArray, Int64Array, StringViewArray, StringViewBuilder};
use arrow::buffer::BooleanBuffer;

use crate::data::Column;
use crate::eval::patterns::Matcher;
use crate::ir::Builtin;

/// Which rows fit.
pub(super) fn fits(array: &StringViewArray, matcher: &Matcher) -> Column {
    let bits = match array.nulls() {
        None => BooleanBuffer::collect_bool(array.len(), |at| matcher.fits(array.value(at))),
        Some(nulls) => {
            BooleanBuffer::collect_bool(array.len(), |at| nulls.is_valid(at) && matcher.fits(array.value(at)))
        }
    };
    Column::Bool(BooleanArray::new(bits, array.nulls().cloned()))
}

/// Functions of one text.
pub(super) fn call(builtin: Builtin, array: &StringViewArray) -> Option<Column> {
    Some(match builtin {
        Builtin::Len => {
            let lengths: Vec<i64> = (0..array.len()).map(|at| length(array.value(at))).collect();
            Column::Int(Int64Array::new(lengths.into(), array.nulls().cloned()))
        }
        Builtin::Upper => each(array, |text, out| {
            map_case(text, out, u8::to_ascii_uppercase, str::to_uppercase)
        }),
        Builtin::Lower => each(array, |text, out| {
            map_case(text, out, u8::to_ascii_lowercase, str::to_lowercase)
        }),
        Builtin::Trim => each(array, |text, out| out.push_str(text.trim())),
        Builtin::Str => Column::Str(array.clone()),
        _ => return None,
    })
}

fn length(text: &str) -> i64 {
    let continues = text.bytes().filter(|byte| byte & 0xc0 == 0x80).count();
    (text.len() - continues) as i64
}

fn map_case(text: &str, out: &mut String, ascii: fn(&u8) -> u8, full: fn(&str) -> String) {
    if text.is_ascii() {
        out.extend(text.bytes().map(|byte| char::from(ascii(&byte))));
    } else {
        out.push_str(&full(text));
    }
}

/// A text of each, made in one buffer.
fn each(array: &StringViewArray, make: impl Fn(&str, &mut String)) -> Column {
    let mut builder = StringViewBuilder::with_capacity(array.len());
    let mut text = String::new();
    for at in 0..array.len() {
        if array.is_null(at) {
            builder.append_null();
            continue;
        }
        text.clear();
        make(array.value(at), &mut text);
        builder.append_value(&text);
    }
    Column::Str(builder.finish())
}
