//! The order of the streams: each after those it reads.

use super::context::Cx;
use super::sources::Origin;
use crate::diag::{Code, Diagnostic};
use crate::ir::{EventId, Source, StreamId};

/// How far a stream is looked into.
#[derive(Clone, Copy, PartialEq)]
enum Mark {
    New,
    Open,
    Done,
}

/// Depth-first search over "reads", without recursion, so that long chains are no danger.
struct Search {
    edges: Vec<Vec<usize>>,
    marks: Vec<Mark>,
    order: Vec<usize>,
    cycles: Vec<Vec<usize>>,
}

/// All streams, each after those it reads. A cycle is said, and then cut.
pub(super) fn order(cx: &mut Cx<'_>, origins: &[Origin<'_>], makes: &[Vec<EventId>]) -> Vec<usize> {
    let edges = origins.iter().map(|origin| reads(cx, origin, makes)).collect();
    let mut search = Search {
        edges,
        marks: vec![Mark::New; origins.len()],
        order: Vec::with_capacity(origins.len()),
        cycles: Vec::new(),
    };
    for start in 0..origins.len() {
        search.run(start);
    }
    for cycle in &search.cycles {
        say(cx, cycle);
    }
    search.order
}

/// The streams whose rows an origin reads: by name, or as events that they emit.
fn reads(cx: &Cx<'_>, origin: &Origin<'_>, makes: &[Vec<EventId>]) -> Vec<usize> {
    let mut reads = Vec::new();
    for source in &origin.sources {
        match source {
            Source::Stream(StreamId(at)) => reads.push(*at as usize),
            Source::Event(event) => {
                let feeds = |made: &Vec<EventId>| made.iter().any(|&of| cx.query.is_a(of, *event));
                reads.extend((0..makes.len()).filter(|&at| feeds(&makes[at])));
            }
            Source::Any | Source::Timer(_) => {}
        }
    }
    reads
}

impl Search {
    fn run(&mut self, start: usize) {
        if self.marks[start] != Mark::New {
            return;
        }
        self.marks[start] = Mark::Open;
        let mut path = vec![(start, 0)];
        while let Some((at, next)) = path.last().copied() {
            let Some(&to) = self.edges[at].get(next) else {
                self.marks[at] = Mark::Done;
                self.order.push(at);
                path.pop();
                continue;
            };
            if let Some(top) = path.last_mut() {
                top.1 += 1;
            }
            match self.marks[to] {
                Mark::Done => {}
                Mark::New => {
                    self.marks[to] = Mark::Open;
                    path.push((to, 0));
                }
                Mark::Open => {
                    let from = path.iter().position(|(open, _)| *open == to).unwrap_or(0);
                    self.cycles.push(path[from..].iter().map(|(open, _)| *open).collect());
                }
            }
        }
    }
}

/// `A -> B -> A`, beginning with the stream that stands first in the program.
fn say(cx: &mut Cx<'_>, cycle: &[usize]) {
    // The streams that bring the rows of patterns are part of these.
    let cycle: Vec<usize> = cycle
        .iter()
        .copied()
        .filter(|&at| cx.drafts[at].made.is_none())
        .collect();
    let first = cycle
        .iter()
        .enumerate()
        .min_by_key(|(_, at)| **at)
        .map_or(0, |(place, _)| place);
    let turned: Vec<usize> = cycle[first..].iter().chain(&cycle[..first]).copied().collect();
    let mut names: Vec<&str> = turned.iter().map(|&at| cx.drafts[at].name.as_str()).collect();
    names.push(names[0]);
    let message = format!("streams read each other in a circle: {}", names.join(" -> "));
    let mut diagnostic = Diagnostic::new(Code::StreamCycle, cx.drafts[turned[0]].span, message);
    diagnostic = match turned.as_slice() {
        [_] => diagnostic
            .label("reads itself")
            .help("if an event of the log is meant, give the stream another name"),
        _ => diagnostic.label(format!("reads `{}`", names[1])),
    };
    for (place, &at) in turned.iter().enumerate().skip(1) {
        diagnostic = diagnostic.also(cx.drafts[at].span, format!("reads `{}`", names[place + 1]));
    }
    cx.say(diagnostic);
}
