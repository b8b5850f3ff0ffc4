//! What the summary says of the order of events.

use std::fmt::Write;

use indicatif::HumanBytes;
use serde_json::json;

use super::summary::thousands;
use crate::replay::{InputOrder, Order, OrderReport, Replayed, Report};

/// For people.
pub(super) fn text(report: &Report, out: &mut String) {
    replayed(report, out);
    late(&report.order, out);
    if report.order.idle_watermark {
        let _ = writeln!(
            out,
            "`.watermark` and `.allowed_lateness` had nothing to do, since no event was late: they are for \
             `--order arrival`"
        );
    }
}

fn replayed(report: &Report, out: &mut String) {
    let order = &report.order;
    let how = match order.order {
        Order::Input => return,
        Order::Time => "replayed in order of time".to_owned(),
        Order::Assumed => "replayed in order of time, which was taken for granted".to_owned(),
        Order::Arrival { slack } => format!("replayed in order of arrival, the clock {} behind", shown(slack)),
    };
    if let [one] = &order.inputs[..] {
        let records = report.inputs.first().map_or(0, |input| input.records);
        let _ = writeln!(out, "{how}: the input {}", input(one, records, order));
        return;
    }
    let _ = writeln!(out, "{how}");
    for (of, report) in order.inputs.iter().zip(&report.inputs) {
        let _ = writeln!(out, "  {} {}", report.name, input(of, report.records, order));
    }
}

fn input(of: &InputOrder, records: u64, order: &OrderReport) -> String {
    if of.late == 0 {
        return "lies in that order".to_owned();
    }
    let found = format!(
        "has {} of {} events behind earlier ones, by up to {}",
        thousands(of.late),
        thousands(records),
        shown(of.most_late)
    );
    match of.replayed {
        Replayed::AsItLies | Replayed::Straight => found,
        Replayed::Reordered => format!(
            "{found}: put in order on the way, {} kept back",
            HumanBytes(order.kept_bytes)
        ),
        Replayed::Sorted => format!("{found}: sorted on disk first"),
    }
}

fn late(order: &OrderReport, out: &mut String) {
    let late = &order.late;
    if late.events == 0 {
        return;
    }
    let _ = writeln!(
        out,
        "late events: {}, by up to {}; {} left out of what goes by time (`--late FILE` keeps them); a slack of {} \
         would have been enough",
        thousands(late.events),
        shown(late.largest),
        if late.left_out == late.events {
            "they were".to_owned()
        } else {
            format!("{} were", thousands(late.left_out))
        },
        shown(late.enough),
    );
}

/// For programs.
pub(super) fn json(order: &OrderReport) -> serde_json::Value {
    let (name, slack) = match order.order {
        Order::Input => ("input", None),
        Order::Time => ("time", None),
        Order::Assumed => ("assumed", None),
        Order::Arrival { slack } => ("arrival", Some(seconds(slack))),
    };
    let inputs = order.inputs.iter().map(|of| {
        let replayed = match of.replayed {
            Replayed::AsItLies => "as it lies",
            Replayed::Straight => "straight",
            Replayed::Reordered => "reordered",
            Replayed::Sorted => "sorted",
        };
        json!({"behind": of.late, "most_behind": seconds(of.most_late), "replayed": replayed})
    });
    json!({
        "order": name, "slack": slack,
        "inputs": inputs.collect::<Vec<_>>(),
        "late": {
            "events": order.late.events, "left_out": order.late.left_out,
            "largest": seconds(order.late.largest), "slack_enough": seconds(order.late.enough),
        },
        "idle_watermark": order.idle_watermark,
    })
}

fn seconds(ns: i64) -> f64 {
    crate::data::format::duration_seconds(ns)
}

/// A duration as a program would write it, the smaller units left out where they do not matter.
fn shown(ns: i64) -> String {
    const UNITS: [(i64, &str); 6] = [
        (86_400_000_000_000, "d"),
        (3_600_000_000_000, "h"),
        (60_000_000_000, "m"),
        (1_000_000_000, "s"),
        (1_000_000, "ms"),
        (1_000, "us"),
    ];
    match UNITS.iter().find(|(unit, _)| ns >= *unit) {
        None => format!("{ns}ns"),
        Some((unit, name)) if ns % unit == 0 => format!("{}{name}", ns / unit),
        // Rounded up, so that what is said to be enough is.
        Some((unit, name)) => {
            let tenths = (i128::from(ns) * 10 + i128::from(unit - 1)) / i128::from(*unit);
            format!("{}.{}{name}", tenths / 10, tenths % 10)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn durations() {
        for (ns, text) in [
            (0, "0ns"),
            (999, "999ns"),
            (1_500, "1.5us"),
            (59_000_000_000, "59s"),
            (59_000_000_001, "59.1s"),
            (90_000_000_000, "1.5m"),
            (3_600_000_000_000, "1h"),
            (i64::MAX, "106752.0d"),
        ] {
            assert_eq!(shown(ns), text);
        }
    }
}
