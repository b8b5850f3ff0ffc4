//! `asof_join`: for each row of the first input the newest of the second at or before it.
//!
//! A row of the first input is decided when the clock has passed its time, so that rows of the second
//! with the same time count wherever they stand. Of equal times the last in order is the newest. A row
//! for which there is none makes no row.
//!
//! Cost: a step back from the newest row with an equal key, in most cases one.

use super::join::Joining;
use super::join_made::{Found, Judge};
use super::join_rows::NO_KEY;
use super::{Ending, Made};
use crate::data::{Place, Rank};

/// The most rows that are judged at a time.
const AT_A_TIME: usize = 1 << 15;

const EVERYTHING: Place = Place {
    end: true,
    ..Place::LAST
};

/// Decides all rows of the first input whose time has passed.
pub(super) fn pass(join: &mut Joining, until: Place, ending: Option<Ending>, found: &mut Found, judge: &mut Judge<'_>) {
    let mut pick = Vec::new();
    for (place, time, id) in due(join, until, ending) {
        bring(join, if place.end { EVERYTHING } else { place });
        meet(join, id, found, &mut pick);
        found.places.resize(found.ids.len() / 2, place);
        found.times.resize(found.ids.len() / 2, time);
        if found.places.len() >= AT_A_TIME {
            flush(join, found, judge);
        }
    }
    flush(join, found, judge);
    bring(join, if ending.is_some() { EVERYTHING } else { until });
}

/// The rows of the first input that are decided now: where, their times and their numbers, in order.
fn due(join: &mut Joining, until: Place, ending: Option<Ending>) -> Vec<(Place, i64, u64)> {
    let delay = join.delay;
    let side = &mut join.sides[0];
    side.entered = side.end();
    let mut due = Vec::new();
    for id in side.waiting..side.end() {
        let row = side.row_mut(id);
        if ending.is_none() && row.place.time > until.time {
            break;
        }
        if row.done {
            continue;
        }
        let passed = row.time.saturating_add(delay).max(row.place.time);
        let place = row.place.timer(passed, Rank::Deadline);
        if place < until && !row.place.end {
            due.push((place, row.time, id));
        } else if ending.is_some() {
            due.push((place.at_end(), row.time, id));
        } else {
            continue;
        }
        row.done = true;
    }
    while side.waiting < side.end() && side.row(side.waiting).done {
        side.waiting += 1;
    }
    side.live = side.waiting;
    due.sort_unstable();
    due
}

/// Lets the rows of the second input come that stand before a place.
fn bring(join: &mut Joining, until: Place) {
    let side = &mut join.sides[1];
    while side.entered < side.end() && (side.row(side.entered).place < until) {
        let id = side.entered;
        side.entered += 1;
        if let Some(pair) = join.pairs.first_mut()
            && side.has_keys(id)
        {
            pair.enter(1, side, id);
        }
    }
    if !until.end {
        let horizon = join.within.saturating_add(join.delay);
        side.expire(until.time.saturating_sub(horizon));
    }
}

/// Appends the pairs that a row of the first input may make: without a condition the best one, else
/// all, from the oldest to the newest.
fn meet(join: &Joining, id: u64, found: &mut Found, pick: &mut Vec<(i64, u64)>) {
    let (side, time) = (&join.sides[1], join.sides[0].row(id).time);
    let oldest = time.saturating_sub(join.within);
    pick.clear();
    let mut look = |other: u64| {
        let row = side.row(other);
        // Who came before the best one's time is older than it.
        if !join.judged
            && let Some(&(best, _)) = pick.first()
            && row.place.time < best
        {
            return false;
        }
        if row.time <= time && row.time >= oldest {
            let one = (row.time, other);
            match pick.first_mut() {
                Some(best) if !join.judged => *best = (*best).max(one),
                _ => pick.push(one),
            }
        }
        true
    };
    match join.pairs.first() {
        None => {
            let _ = (side.live..side.entered).rev().all(&mut look);
        }
        Some(pair) => match join.sides[0].key(pair.slots[0], id) {
            NO_KEY => {}
            key => {
                let _ = pair.newest(1, side, key).all(&mut look);
            }
        },
    }
    pick.sort_unstable();
    pick.iter().for_each(|&(_, other)| found.ids.extend([id, other]));
}

/// Makes the rows; of those that the judge lets pass the newest for each row of the first input.
fn flush(join: &mut Joining, found: &mut Found, judge: &mut Judge<'_>) {
    let ids = std::mem::take(&mut found.ids);
    let made: Made = join.makes.rows(&join.sides, &ids, found);
    if made.places.is_empty() {
        return;
    }
    let kept = judge(&made);
    found.made.push(match kept {
        None => made,
        Some(kept) => {
            let of = |at: u32| ids[2 * at as usize];
            let last = kept.chunk_by(|&a, &b| of(a) == of(b)).filter_map(<[u32]>::last);
            made.pick(&last.copied().collect::<Vec<_>>())
        }
    });
}
