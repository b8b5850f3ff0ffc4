//! Which file has which function.

use crate::data::Value;
use crate::ir::Builtin;

use super::args::text;
use super::errors::{Fail, Outcome};
use super::lambda::{self, Identity};
use super::patterns::{Matcher, Patterns, takes_pattern};
use super::{collections, convert, math, strings, time};

/// The value of a function without lambdas that is not volatile and evaluates all its arguments.
/// `compiled` is the matcher of its patterns where they are constant.
pub(super) fn call(builtin: Builtin, args: &[Value], compiled: Option<&Matcher>, patterns: &mut Patterns) -> Outcome {
    if !builtin.takes_nulls() && args.iter().any(Value::is_null) {
        return Ok(Value::Null);
    }
    if takes_pattern(builtin) {
        return match compiled {
            Some(matcher) => strings::matched(builtin, matcher, args),
            None => matched(builtin, args, patterns),
        };
    }
    if lambda::is_list_function(builtin) {
        return lambda::call(builtin, args, false, &mut Identity);
    }
    plain(builtin, args)
}

fn matched(builtin: Builtin, args: &[Value], patterns: &mut Patterns) -> Outcome {
    let upto = if builtin == Builtin::RegexExtract {
        2
    } else {
        args.len()
    };
    let texts = args[1.min(upto)..upto.min(args.len())]
        .iter()
        .map(text)
        .collect::<Result<Vec<_>, _>>()?;
    let matcher = patterns.get(builtin, &texts).map_err(Fail)?;
    strings::matched(builtin, matcher, args)
}

fn plain(builtin: Builtin, args: &[Value]) -> Outcome {
    use Builtin as B;
    match builtin {
        B::Upper | B::Lower | B::Trim | B::Split | B::Join | B::StartsWith | B::EndsWith | B::Replace | B::Substr => {
            strings::call(builtin, args)
        }
        B::Format | B::Base64Decode | B::UrlDecode | B::Levenshtein => strings::call(builtin, args),
        B::Len | B::Contains | B::Head | B::Tail | B::Sort | B::Reverse | B::Flatten | B::Zip | B::Enumerate => {
            collections::call(builtin, args)
        }
        B::Pairs | B::Window | B::Keys | B::Values | B::Get | B::Merge => collections::call(builtin, args),
        B::Timestamp | B::Year | B::Month | B::Day | B::Hour | B::Minute | B::Second | B::DayOfWeek => {
            time::call(builtin, args)
        }
        B::FormatTs | B::Trunc | B::DurationBetween | B::DurationSeconds => time::call(builtin, args),
        B::Int | B::Float | B::Str | B::Bool | B::TryInt | B::TryFloat => convert::call(builtin, args),
        B::IsNull | B::IsNotNull | B::Typeof | B::Hash => convert::call(builtin, args),
        _ => math::call(builtin, args),
    }
}
