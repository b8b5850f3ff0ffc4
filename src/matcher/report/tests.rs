//! Rows of hand-made matches.

use super::{Reporter, Subjects, Taken};
use crate::data::{Column, FieldId, Place, Rank, Value};
use crate::diag::Span;
use crate::ir::{
    AfterMatch, AggFunction, Bound, ExprId, How, Pattern, PatternAlias, PatternInput, PatternRead, PatternStep, Report,
    Selection, Shape, StreamId, Which,
};
use crate::matcher::found::Found;
use crate::matcher::store::{EventId, Store};
use crate::ordered::{Batch, Keys, Made, Places};

fn step(input: usize, alias: usize) -> PatternStep {
    PatternStep {
        input,
        alone: None,
        compare: Vec::new(),
        rest: None,
        within: None,
        next: false,
        each: false,
        alias: Some(alias),
        span: Span::default(),
    }
}

fn bound(alias: usize, steps: &[usize]) -> Bound {
    Bound {
        alias,
        which: Which::First,
        values: steps.iter().map(|&step| (step, 0)).collect(),
    }
}

fn aggregate(function: AggFunction, args: usize) -> How {
    How::Aggregate {
        function,
        param: Value::Null,
        alias: 1,
        args: vec![vec![(1, 0)]; args],
    }
}

/// `A as a -> B+ as bs -> (A as c or B as c)`: the steps are 0 to 3.
fn pattern(report: Report, hows: Vec<How>) -> Pattern {
    let input = |name: &str, at| PatternInput {
        name: name.to_owned(),
        stream: StreamId(at),
        keys: vec![ExprId(0)],
        values: vec![ExprId(1)],
    };
    let alias = |name: &str, steps: &[usize], list| PatternAlias {
        name: name.to_owned(),
        steps: steps.to_vec(),
        list,
    };
    let reads = hows.into_iter().enumerate().map(|(at, how)| PatternRead {
        field: FieldId(at as u32),
        name: None,
        how,
        span: Span::default(),
    });
    Pattern {
        inputs: vec![input("A", 0), input("B", 1)],
        steps: vec![step(0, 0), step(1, 1), step(0, 2), step(1, 2)],
        aliases: vec![
            alias("a", &[0], false),
            alias("bs", &[1], true),
            alias("c", &[2, 3], false),
        ],
        shape: Shape::Seq(vec![
            Shape::Step(0),
            Shape::Repeat(Box::new(Shape::Step(1)), 1, None),
            Shape::Or(vec![Shape::Step(2), Shape::Step(3)]),
        ]),
        absent: Vec::new(),
        keys: 1,
        within: Some(100),
        select: Selection::Next,
        report,
        after: AfterMatch::NoSkip,
        filter: None,
        reads: reads.collect(),
        trends: Vec::new(),
        span: Span::default(),
    }
}

/// A at 1 and 4, B at 2, 3 and 5; the value is ten times the time, the key is "k". The events in order.
fn store(pattern: &Pattern) -> (Store, Vec<EventId>) {
    let batch = |times: &[i64]| {
        let key = Column::Const(Value::str("k"), times.len());
        let values = |factor: i64| Column::from_values(times.iter().map(|time| Value::Int(time * factor)).collect());
        Batch {
            keys: Keys::new(vec![key], times.len()),
            args: vec![vec![values(10)], vec![values(1)]],
            times: times.to_vec(),
            places: Places::Listed(times.iter().map(|&time| place(time)).collect()),
            late: None,
        }
    };
    let mut store = Store::new(pattern, true);
    let (a, b) = (store.enter(0, &batch(&[1, 4])), store.enter(1, &batch(&[2, 3, 5])));
    let rows = [((a, 0), 1), ((b, 0), 2), ((b, 1), 3), ((a, 1), 4), ((b, 2), 5)];
    let events = rows.map(|(at, time)| store.event(at, place(time), time, time as u64));
    store.settle();
    (store, events.to_vec())
}

fn place(time: i64) -> Place {
    Place::record(time, 0, time as u64)
}

fn found(store: &Store, taken: Vec<Taken>, end: i64) -> Found {
    let first = taken.iter().map(|one| one.1).min().unwrap();
    let last = taken.iter().map(|one| one.1).max().unwrap();
    Found {
        place: store.get(first).place.timer(end, Rank::Deadline),
        time: end,
        end,
        first,
        last,
        by: last,
        taken,
    }
}

/// The rows, read from left to right.
fn shown(made: &Made) -> Vec<String> {
    let row = |row| {
        let values = made.columns.iter().map(|column| format!("{:?}", column.value(row)));
        values.collect::<Vec<_>>().join(" ")
    };
    (0..made.places.len()).map(row).collect()
}

fn rows(report: Report, hows: Vec<How>, matches: &[&[(usize, usize)]]) -> (Vec<String>, Made) {
    let pattern = pattern(report, hows);
    let (store, events) = store(&pattern);
    let all = matches.iter().map(|taken| {
        let taken = taken.iter().map(|&(step, at)| (step, events[at]));
        found(&store, taken.collect(), 9)
    });
    let all: Vec<Found> = all.collect();
    let mut errors = Vec::new();
    let made = Reporter::new(&pattern, true).rows(&store, &all, &mut errors);
    assert_eq!(errors, []);
    (shown(&made), made)
}

const FIRST: &[(usize, usize)] = &[(0, 0), (1, 1), (1, 2), (2, 3)];
const SECOND: &[(usize, usize)] = &[(0, 0), (1, 1), (3, 4)];

#[test]
fn a_match_is_one_row_of_what_is_read() {
    let hows = vec![
        How::Key(0),
        How::One(bound(0, &[0])),
        How::List(bound(1, &[1])),
        How::Nth(bound(1, &[1]), -1),
        How::Nth(bound(1, &[1]), 1),
        How::Count(1),
        How::One(bound(2, &[2, 3])),
        aggregate(AggFunction::Sum, 1),
        aggregate(AggFunction::Count, 0),
    ];
    let (shown, made) = rows(Report::Longest, hows, &[FIRST, SECOND]);
    assert_eq!(
        shown,
        [
            r#"Str("k") Int(10) List([Int(20), Int(30)]) Int(30) Int(30) Int(2) Int(40) Int(50) Int(2) Int(4)"#,
            r#"Str("k") Int(10) List([Int(20)]) Int(20) Null Int(1) Int(50) Int(20) Int(1) Int(5)"#,
        ]
    );
    assert_eq!(made.times, [9, 9]);
    assert_eq!(made.places, [place(1).timer(9, Rank::Deadline); 2]);
}

#[test]
fn times_are_of_the_first_event_and_the_end() {
    let (shown, _) = rows(Report::Longest, vec![How::Start, How::End, How::Duration], &[FIRST]);
    assert_eq!(shown, ["Timestamp(1) Timestamp(9) Duration(8) Int(4)"]);
}

#[test]
fn each_element_of_the_last_repetition_is_a_row() {
    let hows = vec![How::One(bound(0, &[0])), How::One(bound(1, &[1])), How::Start];
    let none: &[(usize, usize)] = &[(0, 0), (2, 3)];
    let (shown, _) = rows(Report::Each, hows, &[FIRST, none, SECOND]);
    assert_eq!(
        shown,
        [
            "Int(10) Int(20) Timestamp(1) Int(4)",
            "Int(10) Int(30) Timestamp(1) Int(4)",
            "Int(10) Int(20) Timestamp(1) Int(5)",
        ]
    );
}

#[test]
fn each_choice_of_elements_is_a_row() {
    let hows = vec![How::List(bound(1, &[1])), aggregate(AggFunction::Sum, 1)];
    let (shown, _) = rows(Report::Subsets, hows, &[SECOND, FIRST]);
    assert_eq!(
        shown,
        [
            "List([Int(20)]) Int(20) Int(5)",
            "List([Int(20)]) Int(20) Int(4)",
            "List([Int(20), Int(30)]) Int(50) Int(4)",
            "List([Int(30)]) Int(30) Int(4)",
        ]
    );
}

/// The rows of a match of very many choices are made when they are asked for.
#[test]
fn choices_come_in_pieces() {
    let pattern = pattern(Report::Subsets, vec![How::Count(1)]);
    let times: Vec<i64> = (0..=60).collect();
    let mut store = Store::new(&pattern, false);
    let batch = Batch {
        keys: Keys::new(vec![Column::nulls(times.len())], times.len()),
        args: vec![vec![Column::nulls(times.len())]],
        times: times.clone(),
        places: Places::Listed(times.iter().map(|&time| place(time)).collect()),
        late: None,
    };
    let segment = store.enter(1, &batch);
    let event = |time: i64| store.event((segment, time as u32), place(time), time, time as u64);
    let events: Vec<EventId> = times.iter().copied().map(event).collect();
    let taken = events.iter().map(|&id| (1, id)).collect();
    let all = [found(&store, taken, 60)];
    let reporter = Reporter::new(&pattern, false);
    let mut pieces = reporter.pieces(&all);
    for _ in 0..2 {
        let made = pieces.next(&store, &mut Vec::new()).unwrap();
        assert_eq!(made.places.len(), super::ENOUGH);
    }
    let made = pieces.next(&store, &mut Vec::new()).unwrap();
    assert_eq!(made.columns.len(), 1);
}

#[test]
fn conditions_read_runs() {
    let hows = vec![aggregate(AggFunction::Sum, 1), How::One(bound(0, &[0])), How::End];
    let pattern = pattern(Report::Longest, hows);
    let (store, events) = store(&pattern);
    let reporter = Reporter::new(&pattern, true);
    let (run, none) = (vec![(0, events[0]), (1, events[1]), (1, events[2])], Vec::new());
    let subjects = Subjects::runs(vec![&run, &none]);
    let asked = reporter.asked(&store, &pattern.reads, &subjects, (&mut Vec::new(), 3));
    assert_eq!(asked.len, 2);
    let values: Vec<Vec<Value>> = asked
        .fields
        .iter()
        .map(|(_, column)| vec![column.value(0), column.value(1)])
        .collect();
    assert_eq!(
        values,
        [
            [Value::Int(50), Value::Null],
            [Value::Int(10), Value::Null],
            [Value::Timestamp(3), Value::Timestamp(0)],
        ]
    );
}

/// What went wrong is told by the read that it is of.
#[test]
fn errors_tell_which_read() {
    let hows = vec![How::Count(1), aggregate(AggFunction::Sum, 1)];
    let pattern = pattern(Report::Longest, hows);
    let mut store = Store::new(&pattern, false);
    let batch = Batch {
        keys: Keys::new(vec![Column::nulls(1)], 1),
        args: vec![vec![Column::Const(Value::str("x"), 1)]],
        times: vec![1],
        places: Places::Listed(vec![place(1)]),
        late: None,
    };
    let segment = store.enter(1, &batch);
    let id = store.event((segment, 0), place(1), 1, 1);
    let all = [found(&store, vec![(1, id)], 1)];
    let mut errors = Vec::new();
    Reporter::new(&pattern, false).rows(&store, &all, &mut errors);
    assert_eq!(
        errors.iter().map(|error| (error.call, error.count)).collect::<Vec<_>>(),
        [(1, 1)]
    );
}
