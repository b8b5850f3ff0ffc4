//! Streams whose rows reach neither an output nor a side channel nor a live reader.

use crate::ir::{Op, Query, Source, StreamId};

/// Takes the operators and sources off dead streams (their ids stay valid); says how many there are.
pub(super) fn streams(query: &mut Query) -> usize {
    let live = live_streams(query);
    let mut dropped = 0;
    for (stream, live) in query.streams.iter_mut().zip(live) {
        if !live && !stream.sources.is_empty() {
            stream.sources.clear();
            stream.ops.clear();
            dropped += 1;
        }
    }
    dropped
}

/// For each stream whether anything of it can be seen.
fn live_streams(query: &Query) -> Vec<bool> {
    let mut live = vec![false; query.streams.len()];
    let emitters = query.all_emitters();
    let mut todo: Vec<usize> = (0..query.streams.len()).filter(|&at| is_seen(query, at)).collect();
    while let Some(at) = todo.pop() {
        if std::mem::replace(&mut live[at], true) {
            continue;
        }
        for source in &query.streams[at].sources {
            match source {
                Source::Stream(StreamId(of)) => todo.push(*of as usize),
                Source::Event(event) => todo.extend(emitters[event.0 as usize].iter().map(|id| id.0 as usize)),
                Source::Any | Source::Timer(_) => {}
            }
        }
    }
    live
}

/// Whether a stream writes, or has a side channel, or can make records bad.
fn is_seen(query: &Query, at: usize) -> bool {
    let stream = &query.streams[at];
    let acts = |op: &Op| {
        matches!(op, Op::Side(_) | Op::Validate(_))
        // Variables of the run live on in other streams.
        || matches!(op, Op::Process(process) if !process.globals.is_empty())
    };
    stream.writes
        || stream.breaker.is_some()
        || !stream.targets.is_empty()
        || stream.ops.iter().any(|operator| acts(&operator.op))
}
