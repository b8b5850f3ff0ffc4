//! `.trend_aggregate(..)` by listing every trend.

use std::collections::BTreeMap;

use super::pattern::{Pattern, Row};
use super::reference::{AtEnd, Match, Trace};
use super::run::joined;
use super::text::alias_name;

/// A pattern under skip till any match, of which trends are reckoned.
pub(super) struct Trends<'p> {
    pattern: &'p Pattern,
    /// The repetition it is about; without one trends are only counted.
    over: Option<usize>,
}

impl<'p> Trends<'p> {
    /// About its first repetition.
    pub(super) fn of(pattern: &'p Pattern) -> Self {
        let over = pattern.shape.lists().first().copied();
        Self { pattern, over }
    }

    pub(super) fn statement(&self, at: usize) -> String {
        let mut calls = vec![("n", "count_trends()".to_owned())];
        if let Some(over) = self.over {
            let xs = alias_name(over);
            calls.push(("e", format!("count_events({xs})")));
            for (name, function) in [("s", "sum"), ("a", "avg"), ("lo", "min"), ("hi", "max")] {
                calls.push((name, format!("{function}_trends({xs}.v)")));
            }
        }
        format!("stream M{at} = {}\n", self.pattern.trends(&calls))
    }

    /// One row for each event that completes a trend. A record that comes through several inputs is one
    /// event; of several rows that one stream has of it each is one.
    pub(super) fn rows(&self, rows: &[Row]) -> Vec<String> {
        let mut keys: Vec<Option<i64>> = rows.iter().map(|row| row.k.filter(|_| self.pattern.keyed)).collect();
        keys.sort_unstable();
        keys.dedup();
        let mut found: Vec<(usize, String)> = Vec::new();
        for k in keys {
            let trace = Trace::new(self.pattern, rows, k, AtEnd::Auto);
            let mut all = trace.matches();
            all.sort_by_key(|one| (one.last, one.steps.clone()));
            all.dedup_by_key(|one| one.steps.clone());
            let mut completing: Vec<usize> = all.iter().map(|one| one.last).collect();
            completing.dedup();
            let event = |at: usize| {
                let same = |other: &&usize| rows[**other].tick == rows[at].tick && rows[**other].kind == rows[at].kind;
                (
                    rows[at].tick,
                    completing.iter().take_while(|other| **other < at).filter(same).count(),
                )
            };
            all.sort_by_key(|one| event(one.last));
            for together in all.chunk_by(|a, b| event(a.last) == event(b.last)) {
                found.push((together[0].last, self.row(&trace, together, k)));
            }
        }
        found.sort();
        found.into_iter().map(|row| row.1).collect()
    }

    fn row(&self, trace: &Trace<'_>, trends: &[Match], k: Option<i64>) -> String {
        let mut fields: BTreeMap<String, String> = BTreeMap::new();
        let mut add = |name: &str, value: Option<String>| value.map(|value| fields.insert(name.to_owned(), value));
        add("ts", Some(trace.rows[trends[0].last].time.to_string()));
        add("k", k.filter(|_| self.pattern.keyed).map(|k| k.to_string()));
        add("n", Some(trends.len().to_string()));
        if let Some(over) = self.over {
            let elements: Vec<usize> = trends.iter().flat_map(|one| trace.bound(over, &one.steps)).collect();
            let values: Vec<i64> = elements.iter().filter_map(|&at| trace.rows[at].v).collect();
            let sum: i64 = values.iter().sum();
            let some = !values.is_empty();
            add("e", Some(elements.len().to_string()));
            add("s", some.then(|| sum.to_string()));
            add("a", some.then(|| format!("{:?}", sum as f64 / values.len() as f64)));
            add("lo", values.iter().min().map(i64::to_string));
            add("hi", values.iter().max().map(i64::to_string));
        }
        joined(&fields)
    }
}
