//! Names of functions that are no builtins: row functions, those of later versions, and those of other
//! languages.

use crate::diag::nearest;

/// Functions of a row's place among others.
pub(in crate::resolve) const ROW_FUNCTIONS: &[&str] = &["lag", "lead", "row_number", "rank"];

/// Functions of the language that only operators of later versions give a meaning.
pub(super) const LATER: &[(&str, &str)] = &[
    ("count_trends", "the trend function"),
    ("count_events", "the trend function"),
    ("sum_trends", "the trend function"),
    ("avg_trends", "the trend function"),
    ("min_trends", "the trend function"),
    ("max_trends", "the trend function"),
];

/// Names that other languages use, with those of here.
const FOREIGN: &[(&str, &str)] = &[
    ("argmax", "arg_max"),
    ("argmin", "arg_min"),
    ("array_agg", "collect"),
    ("average", "avg"),
    ("cidr", "cidr_match"),
    ("collect_list", "collect"),
    ("countif", "count_if"),
    ("date_format", "format_ts"),
    ("date_trunc", "trunc"),
    ("dcount", "count_distinct"),
    ("endswith", "ends_with"),
    ("group_concat", "collect"),
    ("has", "contains"),
    ("has_prefix", "starts_with"),
    ("has_suffix", "ends_with"),
    ("ifnull", "if_null"),
    ("in_cidr", "cidr_match"),
    ("includes", "contains"),
    ("isnull", "is_null"),
    ("lcase", "lower"),
    ("length", "len"),
    ("lowercase", "lower"),
    ("matches", "regex_match"),
    ("mean", "avg"),
    ("n_distinct", "count_distinct"),
    ("nunique", "count_distinct"),
    ("nvl", "if_null"),
    ("power", "pow"),
    ("prev", "lag"),
    ("previous", "lag"),
    ("quantile", "percentile"),
    ("quantile_cont", "percentile"),
    ("regexp_match", "regex_match"),
    ("rlike", "regex_match"),
    ("size", "len"),
    ("startswith", "starts_with"),
    ("std", "stddev"),
    ("stdev", "stddev"),
    ("strftime", "format_ts"),
    ("strlen", "len"),
    ("substring", "substr"),
    ("to_lower", "lower"),
    ("to_upper", "upper"),
    ("tolower", "lower"),
    ("top_k", "top"),
    ("toupper", "upper"),
    ("type_of", "typeof"),
    ("ucase", "upper"),
    ("uppercase", "upper"),
    ("var", "variance"),
];

/// A builtin by the name, or nearly the name, that another language gives it.
pub(super) fn foreign(name: &str) -> Option<&'static str> {
    let names = FOREIGN.iter().map(|(name, _)| *name);
    let found = names
        .clone()
        .find(|&known| known == name)
        .or_else(|| nearest(name, names))?;
    FOREIGN.iter().find(|(known, _)| *known == found).map(|(_, ours)| *ours)
}
