//! Event text (`.evt`), as live engines replay it in tests -> JSON lines -> event batches.
//!
//! ```text
//! # a comment                                 // and another
//! @5s Login { user: bob, ok: true }           5 s after the epoch
//! Logout { user: "bob" }                      the time of the line before
//! BATCH 1000                                  from here on 1000 ms after the epoch
//! Order(17, 'EUR', [1, 2.5])                  members field_0, field_1, field_2
//! @2026-01-23T10:00:00Z {"event_type": "Login", "user": "eve"}
//! ```
//!
//! Times are durations (`1h30m`, `250ms`), numbers of milliseconds or RFC 3339. Values are those of JSON,
//! texts in single quotes, and bare words, which are text. A record that names a time field itself
//! keeps that time.
//!
//! Each line becomes one line of JSON, decoded by `json`; what comes out knows the line it came from.
//! Invariant: a line's time depends on the lines before it only, so a morsel carries the time that
//! holds where it begins.

mod line;
mod rows;
mod time;

use std::sync::{Arc, Mutex, PoisonError};

use super::{Base, DecodePlan, Decoded, InputInfo, MorselText, json};
use line::{Naming, rewrite};
use rows::Lines;
pub(super) use time::after;

/// What the morsels of an input have in common.
#[derive(Debug, Default)]
pub(super) struct EvtInput {
    /// The last plan, and the same without a limit for records: lines grow as they are rewritten, and
    /// were held against the limit when the text was cut.
    unlimited: Mutex<Option<(Arc<DecodePlan>, Arc<DecodePlan>)>>,
}

impl EvtInput {
    fn plan(&self, plan: &Arc<DecodePlan>) -> Arc<DecodePlan> {
        let mut known = self.unlimited.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, unlimited)) = &*known
            && Arc::ptr_eq(of, plan)
        {
            return Arc::clone(unlimited);
        }
        let unlimited = Arc::new(DecodePlan {
            max_record_bytes: 0,
            ..(**plan).clone()
        });
        *known = Some((Arc::clone(plan), Arc::clone(&unlimited)));
        unlimited
    }
}

/// Finds the records of a morsel and their types; `now` is the time that holds where it begins.
pub(super) fn decode(
    text: MorselText,
    (input, now): (&EvtInput, Option<i64>),
    plan: &Arc<DecodePlan>,
    info: InputInfo,
    base: Option<Base>,
) -> Decoded {
    let plan = input.plan(plan);
    let (json, lines) = rewrite(&text, now, &Naming::of(&plan));
    // Never at the start of the input: what might look like a byte order mark there is none.
    let rewritten = MorselText {
        bytes: json,
        offset: Lines::OFFSET,
    };
    let bytes = text.bytes.len() as u64;
    let decoded = json::decode_at(rewritten, &plan, info, base);
    Lines::new(text, lines).apply(decoded, bytes)
}
