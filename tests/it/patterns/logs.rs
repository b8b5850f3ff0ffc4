//! Random logs, and the rows of the streams that steps may name.

use proptest::prelude::*;

use super::pattern::{Pattern, Row};

/// A log in the order of its file: at most two seconds from being in order.
pub(super) fn log() -> impl Strategy<Value = Vec<Row>> {
    let kind = prop::sample::select("AAAABBBBCCX".chars().collect::<Vec<_>>());
    let pause = prop::sample::select(vec![0, 1, 1, 1, 2, 4]);
    let shift = prop_oneof![5 => Just(0), 1 => 0..3_i64];
    let k = prop::option::weighted(0.95, prop::sample::select(vec![0, 0, 0, 1_i64]));
    let v = prop::option::weighted(0.95, 0..4_i64);
    prop::collection::vec((kind, pause, shift, k, v, 0..2_i64), 7..15).prop_map(|events| {
        let mut clock = 2;
        let rows = events
            .into_iter()
            .enumerate()
            .map(|(at, (kind, pause, shift, k, v, u))| {
                clock += pause;
                Row {
                    kind,
                    tick: at,
                    time: clock - shift,
                    id: i64::try_from(at).unwrap(),
                    k,
                    v,
                    u,
                }
            });
        rows.collect()
    })
}

/// The streams that steps may name.
pub(super) const STREAMS: &str = "stream P = A .where(v > 1)\nstream Q = B .where(u == 1)\n";

/// A log in event-time order, with the rows of [`STREAMS`].
pub(super) fn in_order(log: &[Row]) -> Vec<Row> {
    let mut sorted = log.to_vec();
    sorted.sort_by_key(|row| row.time);
    let ticked = sorted.into_iter().enumerate().map(|(tick, row)| Row { tick, ..row });
    let with_rows = ticked.flat_map(|row| {
        let made = match row.kind {
            'A' if row.v.is_some_and(|v| v > 1) => Some(Row { kind: 'P', ..row }),
            'B' if row.u == 1 => Some(Row { kind: 'Q', ..row }),
            _ => None,
        };
        [Some(row), made].into_iter().flatten()
    });
    with_rows.collect()
}

/// A log in event-time order, with a row `P` for every second `A` of a key.
pub(super) fn counted(log: &[Row]) -> Vec<Row> {
    let mut newest: std::collections::BTreeMap<Option<i64>, (usize, Option<i64>)> = std::collections::BTreeMap::new();
    let rows = in_order(log).into_iter().filter(|row| row.kind != 'P');
    let with_rows = rows.flat_map(|row| {
        let mut made = None;
        if row.kind == 'A' {
            let (count, before) = newest.entry(row.k).or_default();
            // `last(v)` skips nulls.
            let v = row.v.or(*before);
            *count += 1;
            if *count % 2 == 0 {
                made = Some(Row {
                    kind: 'P',
                    u: 2,
                    v,
                    ..row
                });
                *before = None;
            } else {
                *before = row.v;
            }
        }
        [Some(row), made].into_iter().flatten()
    });
    with_rows.collect()
}

/// The same pattern, over such rows where it was over events of type `C`.
pub(super) fn of_counted(mut pattern: Pattern) -> Pattern {
    pattern.shape.each_step(&mut |step| {
        if step.kind == 'C' {
            step.kind = 'P';
        }
    });
    pattern
}
