//! Small traces, worked by hand: what each strategy reports.

use super::pattern::{After, Cond, Field, Op, Pattern, Report, Row, Select, Shape, Step, Which};
use super::reference::AtEnd;
use super::report::{Bound, reported};
use super::run::{Way, by_stream, compiled, line, row_text, run, statement};

/// Positions are times and numbers: `A5 X B` is an A with v = 5 at 1, an X at 2, a B at 3. A dot is a
/// second in which nothing comes.
fn trace(text: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    for (at, word) in (1..).zip(text.split_whitespace()) {
        let mut letters = word.chars();
        let kind = letters.next().unwrap();
        if kind != '.' {
            rows.push(Row {
                kind,
                tick: rows.len(),
                time: at,
                id: at,
                k: None,
                v: letters.as_str().parse().ok(),
                u: 0,
            });
        }
    }
    rows
}

fn step(kind: char) -> Step {
    Step {
        id: 0,
        kind,
        alias: 0,
        conds: Vec::new(),
        within: None,
        next: false,
        each: false,
    }
}

fn one(kind: char) -> Shape {
    Shape::Step(step(kind))
}

fn not(kind: char) -> Shape {
    Shape::Absent(step(kind))
}

fn not_within(kind: char, d: i64) -> Shape {
    Shape::Absent(Step {
        within: Some(d),
        ..step(kind)
    })
}

fn many(kind: char, min: usize, max: Option<usize>) -> Shape {
    Shape::Repeat(Box::new(one(kind)), min, max)
}

/// Numbers its steps in order of the text.
fn numbered(shape: &mut Shape) {
    let mut next = 0;
    shape.each_step(&mut |step| {
        (step.id, step.alias) = (next, next);
        next += 1;
    });
}

fn seq(items: Vec<Shape>) -> Pattern {
    of(Shape::Seq(items))
}

fn of(mut shape: Shape) -> Pattern {
    numbered(&mut shape);
    Pattern {
        shape,
        absent: None,
        keyed: false,
        within: None,
        select: Select::Next,
        report: Report::Longest,
        after: After::NoSkip,
        filter: None,
    }
}

fn within(pattern: Pattern, d: i64) -> Pattern {
    Pattern {
        within: Some(d),
        ..pattern
    }
}

fn strict(pattern: Pattern) -> Pattern {
    Pattern {
        select: Select::Strict,
        ..pattern
    }
}

fn stam(pattern: Pattern) -> Pattern {
    Pattern {
        select: Select::Any,
        ..within(pattern, 100)
    }
}

fn skip_past_last(pattern: Pattern) -> Pattern {
    Pattern {
        after: After::PastLast,
        ..pattern
    }
}

/// A condition of the step with this number.
fn with(mut pattern: Pattern, id: usize, cond: Cond) -> Pattern {
    pattern.shape.each_step(&mut |step| {
        if step.id == id {
            step.conds.push(cond);
        }
    });
    pattern
}

/// Matches as the positions of their events, in order of the text: `1,4 3,4`.
fn shown(pattern: &Pattern, trace: &str, at_end: AtEnd) -> String {
    let all = reported(pattern, &self::trace(trace), at_end);
    let texts = all.iter().map(|row| {
        let ids = row.bound.iter().map(|bound| match bound {
            Bound::One(id) => id.map_or("-".to_owned(), |id| id.to_string()),
            Bound::List(ids) => {
                let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
                format!("[{}]", ids.join(" "))
            }
        });
        ids.collect::<Vec<_>>().join(",")
    });
    texts.collect::<Vec<_>>().join(" ")
}

/// The reference and the matcher both find these.
fn check(pattern: &Pattern, trace: &str, expected: &str) {
    check_at_end(pattern, trace, AtEnd::Auto, expected);
}

fn check_at_end(pattern: &Pattern, trace: &str, at_end: AtEnd, expected: &str) {
    assert_eq!(shown(pattern, trace, at_end), expected, "{pattern} on {trace}");
    agree(pattern, trace, at_end);
}

/// The matcher finds what the reference does.
fn agree(pattern: &Pattern, trace: &str, at_end: AtEnd) {
    if !super::run::ENGINE {
        return;
    }
    let rows = self::trace(trace);
    let folder = tempfile::tempdir().unwrap();
    let lines: String = rows.iter().map(line).collect();
    let way = Way {
        threads: 1,
        morsel_bytes: 1 << 16,
        order: varpulis::replay::Order::Time,
    };
    let plan = compiled(&statement(0, pattern)).unwrap();
    let text = run(folder.path(), &plan, &lines, way, at_end).unwrap();
    let found = by_stream(&text).remove("M0").unwrap_or_default();
    let expected: Vec<String> = reported(pattern, &rows, at_end)
        .iter()
        .map(|row| row_text(pattern, row))
        .collect();
    assert_eq!(found, expected, "{pattern} on {trace}");
}

fn count(pattern: &Pattern, trace: &str, expected: usize) {
    assert_eq!(reported(pattern, &self::trace(trace), AtEnd::Auto).len(), expected);
    agree(pattern, trace, AtEnd::Auto);
}

const T1: &str = "A C A B B A C B A B";
const T2: &str = "A5 B3 B7 A9 B8 C B10 A1 B1 B2";
const T3: &str = "A B B X B C B C A C";
const T4: &str = "A C A B C A X C C B";
const T5: &str = "A X B A X X X A A X";
const T6: &str = "A A A X A A A X A A";

fn a_b() -> Pattern {
    seq(vec![one('A'), one('B')])
}

fn rising() -> Pattern {
    let more = Cond::With(Field::V, Op::Gt, 0, Which::One);
    within(with(a_b(), 1, more), 5)
}

fn a_bs_c() -> Pattern {
    seq(vec![one('A'), many('B', 1, None), one('C')])
}

fn a_no_b_c() -> Pattern {
    seq(vec![one('A'), not('B'), one('C')])
}

fn a_then_no_b() -> Pattern {
    seq(vec![one('A'), not_within('B', 3)])
}

fn three() -> Pattern {
    seq(vec![one('A'), one('A'), one('A')])
}

#[test]
fn every_start_takes_what_fits_next() {
    check(&a_b(), T1, "1,4 3,4 6,8 9,10");
    check(&rising(), T2, "1,3 4,7 8,10");
    check(&a_bs_c(), T3, "1,[2 3 5],6");
    check(&a_no_b_c(), T4, "1,2 6,8");
    check(&three(), T6, "1,2,3 2,3,5 3,5,6 5,6,7 6,7,9 7,9,10");
}

#[test]
fn an_absence_is_known_when_its_time_has_passed() {
    check(&a_then_no_b(), T5, "4");
    check_at_end(&a_then_no_b(), T5, AtEnd::Flush, "4 8 9");
    check_at_end(&a_then_no_b(), T5, AtEnd::Hold, "4");
}

#[test]
fn any_match_is_every_combination() {
    count(&stam(a_b()), T1, 11);
    check(&within(stam(rising()), 5), T2, "1,3 1,5 4,7 8,10");
    count(&stam(a_bs_c()), T3, 37);
    check(&stam(a_no_b_c()), T4, "1,2 6,8 6,9");
    count(&stam(three()), T6, 56);
}

#[test]
fn past_the_last_event_of_a_match_a_new_one_starts() {
    check(&skip_past_last(a_b()), T1, "1,4 6,8 9,10");
    check(&skip_past_last(rising()), T2, "1,3 4,7 8,10");
    check(&skip_past_last(a_bs_c()), T3, "1,[2 3 5],6");
    check(&skip_past_last(a_no_b_c()), T4, "1,2 6,8");
    check(&skip_past_last(three()), T6, "1,2,3 5,6,7");
}

/// Events of types that the pattern does not name lie outside of its input, so they break nothing.
#[test]
fn strict_is_the_very_next_of_the_types_named() {
    check(&strict(a_b()), T1, "3,4 6,8 9,10");
    check(&strict(rising()), T2, "");
    check(&strict(a_bs_c()), T3, "1,[2 3 5],6");
    check(&strict(a_no_b_c()), T4, "1,2 6,8");
    check(&strict(three()), T6, "1,2,3 2,3,5 3,5,6 5,6,7 6,7,9 7,9,10");
}

#[test]
fn traces_of_two_vendors() {
    let first = "C A F A C B D E B A G B";
    check(&a_b(), first, "2,6 4,6 10,12");
    let second = "A B C B A D A B E A F B";
    check(&a_b(), second, "1,2 5,8 7,8 10,12");
    check(&skip_past_last(a_b()), second, "1,2 5,8 10,12");
    let each = Shape::Step(Step {
        each: true,
        ..step('B')
    });
    check(
        &seq(vec![one('A'), each]),
        second,
        "1,2 1,4 1,8 5,8 7,8 1,12 5,12 7,12 10,12",
    );
}

#[test]
fn a_repetition_in_first_place_is_reported_once() {
    let many_then = |min, max| seq(vec![many('F', min, max), one('S')]);
    check(&many_then(1, None), "F F F S", "[1 2 3],4");
    check(&within(many_then(1, None), 2), "F F F S", "[2 3],4");
    check(&many_then(2, Some(3)), "F F F F S", "[1 2 3],5 [2 3 4],5");
    check(&many_then(0, Some(1)), "F F S S", "1,3 2,3 -,4");
    check(&many_then(0, None), "F S S", "[1],2 [],3");
    let pairs = Shape::Repeat(Box::new(Shape::Seq(vec![one('A'), one('B')])), 1, None);
    check(&seq(vec![pairs, one('C')]), "A B A B C", "[1 3],[2 4],5");
}

#[test]
fn a_repetition_in_last_place_waits() {
    check(&of(many('F', 5, Some(5))), "F F F F F F", "[1 2 3 4 5] [2 3 4 5 6]");
    check(&within(of(many('F', 5, None)), 6), "F F F F F F X X", "[1 2 3 4 5 6]");
    check(&of(many('F', 2, Some(3))), "F F F F", "[1 2 3] [2 3 4]");
    let then_many = || seq(vec![one('A'), many('B', 1, None)]);
    check(&within(then_many(), 3), "A B B X B", "1,[2 3]");
    check(&then_many(), "A B B X B", "1,[2 3 5]");
    check_at_end(&then_many(), "A B B X B", AtEnd::Hold, "");
    check(&strict(then_many()), "A B B A B", "1,[2 3] 4,[5]");
    check(
        &skip_past_last(within(of(many('F', 2, None)), 3)),
        "F F F X F F X . . X",
        "[1 2 3] [5 6]",
    );
}

#[test]
fn leaving_a_repetition_wins() {
    let low = Cond::Own(Field::V, Op::Lt, 3);
    let high = Cond::Own(Field::V, Op::Gt, 1);
    let both = |min| with(with(seq(vec![many('A', min, None), one('A')]), 0, low), 1, high);
    check(&both(1), "A0 A2 A1", "[1],2");
    // Below its minimum it keeps what it may.
    check(&both(2), "A2 A2 A2", "[1 2],3");
    let back = with(a_bs_c(), 1, Cond::With(Field::V, Op::Gt, 1, Which::Last));
    check(&back, "A B3 B2 B4 B4 C", "1,[2 4],6");
    let little = with(a_bs_c(), 1, Cond::Sum(Op::Lt, 1, 5));
    check(&little, "A B3 B2 B4 C", "1,[2 3],5");
}

#[test]
fn absences_between() {
    let after_many = || seq(vec![many('A', 1, None), not('C'), one('B')]);
    check(&after_many(), "A C A B", "[1 3],4");
    check(&after_many(), "A A C B B", "");
    let silent = seq(vec![one('A'), many('F', 1, None), not_within('S', 3)]);
    check(&silent, "A F S F . . X X", "1,[2 4]");
    check(&silent, "A F F S X X X X", "");
    check(&silent, "A F F . . S X X", "");
    check(&silent, "A F F . . . S X", "1,[2 3]");
    let quiet = seq(vec![not_within('A', 3), one('B')]);
    check(&quiet, "A X X B B", "5");
    check(&quiet, "B A B", "1");
    let never = Pattern {
        absent: Some(step('C')),
        ..seq(vec![one('A'), many('B', 1, None), one('C')])
    };
    check(&never, "A B C", "1,[2],3");
    let never = Pattern {
        absent: Some(step('B')),
        ..seq(vec![one('A'), one('B'), one('C')])
    };
    check(&never, "A B C", "");
}

#[test]
fn groups() {
    let both = seq(vec![one('A'), Shape::And(vec![one('B'), one('C')]), one('D')]);
    check(&both, "A C B D", "1,3,2,4");
    check(&both, "A C C D B D", "1,5,2,6");
    let either = seq(vec![one('A'), Shape::Or(vec![one('B'), one('C')])]);
    check(&either, "A C B A B", "1,-,2 4,5,-");
    let longer = Shape::Or(vec![Shape::Seq(vec![one('B'), one('C')]), one('C')]);
    check(&seq(vec![one('A'), longer]), "A B C A C", "1,2,3,- 4,-,-,5");
}

#[test]
fn rows_of_a_match() {
    let reported_as = |pattern: Pattern, report| Pattern {
        report,
        ..within(pattern, 50)
    };
    check(&reported_as(a_bs_c(), Report::Each), "A B B C", "1,2,4 1,3,4");
    check(
        &reported_as(a_bs_c(), Report::Subsets),
        "A B B B C",
        "1,[2],5 1,[2 3],5 1,[2 3 4],5 1,[2 4],5 1,[3],5 1,[3 4],5 1,[4],5",
    );
}
