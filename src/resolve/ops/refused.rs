//! Operators of the language that do not run yet, and names that other languages use.

use crate::diag::{Code, Diagnostic};
use crate::resolve::context::Cx;
use crate::resolve::flow::Flow;
use crate::syntax::ast::Operator;

/// Operators that stand for themselves.
const LATER: &[&str] = &[];

/// Operators that modify a pattern before them.
pub(in crate::resolve) const OF_PATTERNS: &[&str] = &[
    "within",
    "not",
    "strict",
    "stnm",
    "stam",
    "each",
    "longest",
    "subsets",
    "after_match",
    "trend_aggregate",
];

/// All names of operators that do not run yet.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    LATER.iter().chain(OF_PATTERNS).copied()
}

/// Refuses an operator by name, if it is one of the language. What belongs to something that was
/// refused before is not refused again.
pub(super) fn refuse(cx: &mut Cx<'_>, flow: &mut Flow, operator: &Operator) -> bool {
    let name = operator.name.name.as_str();
    if LATER.contains(&name) {
        cx.refuse(operator.name.span, format!("the operator `.{name}`"));
        flow.refused = true;
        return true;
    }
    if !OF_PATTERNS.contains(&name) {
        return false;
    }
    if !flow.refused {
        belongs_behind(cx, operator);
    }
    true
}

/// Says that a modifier of patterns stands where there is no pattern before it.
fn belongs_behind(cx: &mut Cx<'_>, operator: &Operator) {
    let message = format!("`.{}` belongs directly behind a pattern", operator.name.name);
    cx.say(
        Diagnostic::new(Code::MisplacedOperator, operator.name.span, message)
            .help("a pattern has steps: `Login as a -> Logout where user == a.user`"),
    );
}

/// An operator by the name that another language gives it.
pub(super) fn foreign(name: &str) -> Option<&'static str> {
    Some(match name {
        "take" | "head" | "first" | "top" => "limit",
        "project" | "keep" | "fields" => "select",
        "group_by" | "groupby" | "key_by" | "keyBy" | "by" => "partition_by",
        "dedup" | "unique" | "uniq" => "distinct",
        "output" | "sink" | "write" | "save" => "to",
        "sort" | "sort_by" | "sorted" => "order_by",
        "summarize" | "stats" | "agg" | "reduce" => "aggregate",
        "tumbling" | "hopping" | "tumble" | "sliding_window" => "window",
        "session" => "session_window",
        "lookup" => "enrich",
        "debounce" | "rate_limit" | "suppress" => "throttle",
        "edge" | "on_change" => "rising",
        "flatmap" | "explode" | "unnest" => "flat_map",
        "filter_by" | "match" | "when" => "where",
        "debug" | "show" | "dump" => "print",
        "alert" | "yield" | "return" => "emit",
        _ => return None,
    })
}
