//! `.trend_aggregate(..)` by listing every trend.

use std::collections::BTreeMap;

use super::pattern::{Pattern, Row};
use super::reference::{AtEnd, Match, Trace};
use super::run::joined;
use super::text::alias_name;

/// A pattern under skip till any match, of which trends are reckoned.
pub(super) struct Trends<'p> {
    pattern: &'p Pattern,
    /// The repetition it is about.
    over: usize,
}

impl<'p> Trends<'p> {
    /// About its first repetition, else its first step.
    pub(super) fn of(pattern: &'p Pattern) -> Self {
        let over = pattern.shape.lists().first().copied();
        Self {
            pattern,
            over: over.unwrap_or(0),
        }
    }

    pub(super) fn statement(&self, at: usize) -> String {
        let xs = alias_name(self.over);
        let calls = format!(
            "n: count_trends(), e: count_events({xs}), s: sum_trends({xs}.v), a: avg_trends({xs}.v), \
             lo: min_trends({xs}.v), hi: max_trends({xs}.v)"
        );
        format!("stream M{at} = {}\n", self.pattern.trends(&calls))
    }

    /// One row for each event that completes a trend.
    pub(super) fn rows(&self, rows: &[Row]) -> Vec<String> {
        let mut keys: Vec<Option<i64>> = rows.iter().map(|row| row.k.filter(|_| self.pattern.keyed)).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut by_tick: BTreeMap<usize, String> = BTreeMap::new();
        for k in keys {
            let trace = Trace::new(self.pattern, rows, k, AtEnd::Auto);
            let mut all = trace.matches();
            all.sort_by_key(|one| (one.last, one.steps.clone()));
            all.dedup_by_key(|one| one.steps.clone());
            for together in all.chunk_by(|a, b| a.last == b.last) {
                by_tick.insert(together[0].last, self.row(&trace, together, k));
            }
        }
        by_tick.into_values().collect()
    }

    fn row(&self, trace: &Trace<'_>, trends: &[Match], k: Option<i64>) -> String {
        let elements: Vec<usize> = trends
            .iter()
            .flat_map(|one| trace.bound(self.over, &one.steps))
            .collect();
        let values: Vec<i64> = elements.iter().filter_map(|&at| trace.rows[at].v).collect();
        let sum: i64 = values.iter().sum();
        let mut fields: BTreeMap<String, String> = BTreeMap::new();
        let mut add = |name: &str, value: Option<String>| value.map(|value| fields.insert(name.to_owned(), value));
        add("ts", Some(trace.rows[trends[0].last].time.to_string()));
        add("k", k.filter(|_| self.pattern.keyed).map(|k| k.to_string()));
        add("n", Some(trends.len().to_string()));
        add("e", Some(elements.len().to_string()));
        let some = !values.is_empty();
        add("s", some.then(|| sum.to_string()));
        add("a", some.then(|| format!("{:?}", sum as f64 / values.len() as f64)));
        add("lo", values.iter().min().map(i64::to_string));
        add("hi", values.iter().max().map(i64::to_string));
        joined(&fields)
    }
}
