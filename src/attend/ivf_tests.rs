//! The inverted file against exact answers.

use crate::data::Value;
use crate::ir::{Encoding, Transform};

use super::tests::{embedding, feature, number};
use super::{Embedder, History, Ivf, Recall, Scores, top};

fn embedder() -> Embedder {
    let features = vec![
        feature("x", 1.0, 1, number(Transform::Identity)),
        feature("who", 1.0, 1, Encoding::Hash(16)),
    ];
    Embedder::new(&embedding(features, vec![vec![0, 1]]), None).unwrap()
}

fn event(n: u64) -> Vec<Value> {
    let draw = super::hashing::draw(5, n);
    vec![
        Value::Float((draw % 4000) as f64 / 100.0),
        Value::Int((draw >> 40) as i64 % 12),
    ]
}

fn exact(history: &History, query: u64, from: u64, n: usize) -> Vec<(u64, f32)> {
    let mut scores = Scores::new();
    history.scores(query..query + 1, &[from], &mut scores);
    let best = top(scores.row(0), n);
    best.into_iter().map(|(at, score)| (from + at as u64, score)).collect()
}

/// All answers of a run in batches of `batch` over a window, and the recall.
fn run(batch: u64, window: u64, len: u64) -> (Vec<Vec<(u64, f32)>>, Recall) {
    let embedder = embedder();
    let (mut history, mut ivf) = (History::new(&embedder), Ivf::new(window));
    let from = |event: u64| event.saturating_sub(window);
    let mut answers = Vec::new();
    for begin in (0..len).step_by(batch as usize) {
        let events = begin..(begin + batch).min(len);
        for n in events.clone() {
            let number = history.push(&embedder, &event(n));
            ivf.add(&history, number, from(number));
        }
        answers.extend(events.clone().map(|query| ivf.nearest(&history, query, from(query), 8)));
        history.forget(from(events.end));
        ivf.forget(from(events.end));
    }
    (answers, ivf.recall())
}

#[test]
fn most_of_the_nearest_are_found_whatever_the_batches() {
    let (window, len) = (2200, 4400);
    let (answers, recall) = run(1, window, len);
    assert!(recall.asked >= 8 * 8, "{recall:?}");
    assert!(recall.hits as f64 >= 0.9 * recall.asked as f64, "{recall:?}");
    assert!(run(700, window, len) == (answers.clone(), recall));
    let embedder = embedder();
    let mut history = History::new(&embedder);
    (0..len).for_each(|n| {
        history.push(&embedder, &event(n));
    });
    let mut missed = 0;
    for query in (0..len).step_by(97) {
        let answer = &answers[query as usize];
        let truth = exact(&history, query, query.saturating_sub(window), 8);
        assert_eq!(answer.len(), truth.len());
        for (event, score) in answer {
            assert_eq!(history.score(query, *event).map(f32::to_bits), Some(score.to_bits()));
        }
        missed += usize::from(*answer != truth);
        // Until there is an index, answers are exact.
        assert!(query > 2048 || *answer == truth);
    }
    assert!(missed < 20, "{missed}");
}

#[test]
fn alike_events_do_not_confuse_it() {
    let embedder = embedder();
    let (mut history, mut ivf) = (History::new(&embedder), Ivf::new(3000));
    for n in 0..3000 {
        history.push(&embedder, &[Value::Int(7), Value::Int(1)]);
        ivf.add(&history, n, 0);
    }
    let newest = ivf.nearest(&history, 2999, 0, 3);
    assert_eq!(
        newest.iter().map(|(event, _)| *event).collect::<Vec<_>>(),
        [2998, 2997, 2996]
    );
    assert_eq!(ivf.nearest(&history, 3000, 0, 3), []);
}
