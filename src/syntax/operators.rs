//! The names of the stream operators: the table of LANGUAGE.md, section 5.

/// In the order of the manual.
pub const OPERATORS: &[&str] = &[
    "where",
    "filter",
    "select",
    "map",
    "flat_map",
    "partition_by",
    "window",
    "session_window",
    "aggregate",
    "having",
    "order_by",
    "limit",
    "distinct",
    "rising",
    "throttle",
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
    "attention_window",
    "pattern",
    "watermark",
    "allowed_lateness",
    "validate",
    "enrich",
    "process",
    "concurrent",
    "on_error",
    "collect",
    "tap",
    "print",
    "log",
    "emit",
    "to",
    "context",
];

/// Whether `name` is the name of a stream operator.
#[must_use]
pub fn is_operator(name: &str) -> bool {
    OPERATORS.contains(&name)
}
