//! Random patterns, sensible or not: the compiler says what is wrong, or makes a pattern all of whose
//! parts refer to each other as they should.

use proptest::prelude::*;
use varpulis::ir::{Bound, How, Op, Pattern, PatternRead, Shape};

use super::resolve_support::{check_contiguous, resolved};

const NAMES: [&str; 4] = ["a", "b", "cs", "d"];

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NAMES)
}

/// A value of the event at hand or of another.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(&["x", "y", "z.w", "_time", "1", "x + 1", "null"]).prop_map(str::to_owned),
        4 => (name(), prop::sample::select(&[".x", "[0].x", "[-1].y", ".z.w", "", "[x].y", "._time"]))
            .prop_map(|(name, part)| format!("{name}{part}")),
        2 => (prop::sample::select(&["count", "sum", "first", "last", "max", "distinct"]), name())
            .prop_map(|(function, name)| format!("{function}({name}.x)")),
        1 => name().prop_map(|name| format!("count({name})")),
        1 => name().prop_map(|name| format!("{name}.filter(e => e.x > x).len()")),
    ]
}

fn condition() -> impl Strategy<Value = String> {
    let op = prop::sample::select(&["==", "!=", "<", ">="]);
    let one = (value(), op, value()).prop_map(|(a, op, b)| format!("{a} {op} {b}"));
    prop::collection::vec(one, 1..4).prop_map(|all| all.join(" and "))
}

fn step() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        8 => Just(""), 2 => Just("not "), 1 => Just("next "), 1 => Just("each "), 1 => Just("all "),
    ];
    let times = prop_oneof![6 => Just(""), 1 => Just("+"), 1 => Just("*"), 1 => Just("?"), 1 => Just("{2,3}")];
    let ty = prop::sample::select(&["A", "B", "C", "any"]);
    let within = prop_oneof![4 => Just(""), 1 => Just(" within 5m")];
    (
        word,
        ty,
        times,
        prop::option::of(condition()),
        prop::option::of(name()),
        within,
    )
        .prop_map(|(word, ty, times, condition, name, within)| {
            let name = name.map_or(String::new(), |name| format!(" as {name}"));
            let condition = condition.map_or(String::new(), |condition| format!("[{condition}]"));
            format!("{word}{ty}{times}{condition}{name}{within}")
        })
}

fn pattern() -> impl Strategy<Value = String> {
    step().prop_recursive(3, 8, 3, |inner| {
        let join = prop_oneof![4 => Just(" -> "), 1 => Just(" and "), 1 => Just(" or ")];
        let times = prop_oneof![5 => Just(""), 1 => Just("+"), 1 => Just("{2}")];
        (prop::collection::vec(inner, 1..4), join, times)
            .prop_map(|(parts, join, times)| format!("({}){times}", parts.join(join)))
    })
}

fn program() -> impl Strategy<Value = String> {
    let modifier = prop::sample::select(&[
        ".within(1h)",
        ".partition_by(x)",
        ".partition_by(A: x, B: y, C: x)",
        ".not(C where x == a.x)",
        ".strict()",
        ".stam()",
        ".each()",
        ".subsets()",
        ".after_match(\"skip_past_last\")",
        ".where(a.x > 1)",
        ".where(count(cs) > 1 and match_duration < 1m)",
    ]);
    let emitted = prop::collection::vec(value(), 0..4);
    (pattern(), prop::collection::vec(modifier, 0..4), emitted).prop_map(|(pattern, modifiers, emitted)| {
        let emitted: Vec<String> = (0..)
            .zip(emitted)
            .map(|(at, value)| format!("f{at}: {value}"))
            .collect();
        format!(
            "stream S = {pattern} {} .emit({})\n",
            modifiers.join(" "),
            emitted.join(", ")
        )
    })
}

/// A step of a sensible pattern: its type, whether it repeats, and what it asks of the step before it (or
/// of its own elements).
type Plain = (&'static str, &'static str, usize);

/// A sequence whose steps ask of those before them what can be asked.
fn sensible() -> impl Strategy<Value = String> {
    let step = (
        prop::sample::select(&["A", "B", "any"]),
        prop::sample::select(&["", "", "+", "{2,}", "?"]),
        0..8_usize,
    );
    let modifier = prop::sample::select(&[
        "",
        ".strict()",
        ".subsets()",
        ".partition_by(x)",
        ".not(C where x == a.x)",
    ]);
    (prop::collection::vec(step, 2..4), modifier).prop_map(|(steps, modifier)| {
        let all: Vec<String> = (0..steps.len()).map(|at| written(&steps, at)).collect();
        let reads: Vec<String> = (0..steps.len())
            .map(|at| format!("f{at}: {}", asked(&steps, at, at + 3)))
            .collect();
        format!(
            "stream S = {} -> Z as d {modifier} .within(1h) .emit({})\n",
            all.join(" -> "),
            reads.join(", ")
        )
    })
}

fn written(steps: &[Plain], at: usize) -> String {
    let (ty, times, choice) = steps[at];
    let name = NAMES[at];
    let condition = match choice {
        0 => String::new(),
        1 => "[x > 1]".to_owned(),
        2 if is_list(times) => format!("[x >= {name}[-1].x and sum({name}.y) < 9 and x != 3]"),
        choice if at > 0 => format!("[x == {} and y > 2]", asked(steps, at - 1, choice)),
        _ => "[x + 1 == y]".to_owned(),
    };
    format!("{ty}{times}{condition} as {name}")
}

fn is_list(times: &str) -> bool {
    matches!(times, "+" | "{2,}")
}

/// A value of a step.
fn asked(steps: &[Plain], at: usize, choice: usize) -> String {
    let name = NAMES[at];
    match (is_list(steps[at].1), choice % 4) {
        (true, 0) => format!("{name}[0].x"),
        (true, 1) => format!("{name}[-1].x"),
        (true, 2) => format!("(count({name}) + max({name}.x * 2))"),
        (true, _) => format!("{name}.filter(e => e.x > 1).len()"),
        (false, 0) => format!("{name}.x"),
        (false, 1) => format!("{name}._time"),
        (false, 2) => format!("({name}.x + {name}.y)"),
        (false, _) => format!("({name}.x ?? 1)"),
    }
}

fn check(pattern: &Pattern) {
    let value = |step: usize, value: usize| {
        let input = &pattern.inputs[pattern.steps[step].input];
        assert!(value < input.values.len(), "value {value} of step {step}");
    };
    let bound = |of: &Bound| {
        let steps = &pattern.aliases[of.alias].steps;
        assert_eq!(of.values.iter().map(|(step, _)| *step).collect::<Vec<_>>(), *steps);
        of.values.iter().for_each(|(step, at)| value(*step, *at));
    };
    let read = |of: &PatternRead| match &of.how {
        How::One(of) | How::Nth(of, _) | How::List(of) => bound(of),
        How::Key(key) => assert!(*key < pattern.keys),
        How::Aggregate { args, .. } => args.iter().flatten().for_each(|(step, at)| value(*step, *at)),
        How::Count(alias) => assert!(*alias < pattern.aliases.len()),
        How::Start | How::End | How::Duration | How::Trend(_) => {}
    };
    for (at, step) in pattern.steps.iter().enumerate() {
        step.alone.iter().for_each(|alone| value(at, *alone));
        for compare in &step.compare {
            value(at, compare.own);
            bound(&compare.other);
        }
        if let Some(rest) = &step.rest {
            rest.own.iter().for_each(|(_, own)| value(at, *own));
            rest.pseudo.iter().for_each(|(_, own)| value(at, *own));
            rest.reads.iter().for_each(read);
        }
    }
    pattern.reads.iter().for_each(read);
    for input in &pattern.inputs {
        assert_eq!(input.keys.len(), pattern.keys);
    }
    let mut steps = Vec::new();
    numbers(&pattern.shape, &mut steps);
    steps.extend(&pattern.absent);
    assert_eq!(
        steps,
        (0..pattern.steps.len()).collect::<Vec<_>>(),
        "each step once, in order"
    );
}

fn numbers(shape: &Shape, steps: &mut Vec<usize>) {
    match shape {
        Shape::Step(step) | Shape::Absent(step) => steps.push(*step),
        Shape::Seq(parts) | Shape::And(parts) | Shape::Or(parts) => {
            assert!(parts.len() > 1, "a part by itself");
            parts.iter().for_each(|part| numbers(part, steps));
        }
        Shape::Repeat(inner, min, max) => {
            assert_ne!((*min, *max), (1, Some(1)));
            numbers(inner, steps);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn sensible_patterns_compile(text in sensible()) {
        let (resolved, said) = resolved(&text, &[]);
        let notes = said.lines().all(|line| line.contains("note[VPL0604]"));
        prop_assert!(resolved.query.is_some() && notes, "{text}{said}");
    }

    #[test]
    fn patterns_are_whole_or_refused(text in prop_oneof![program(), sensible()]) {
        let (resolved, said) = resolved(&text, &[]);
        match resolved.query {
            None => prop_assert!(said.contains("error"), "{text}"),
            Some(query) => {
                check_contiguous(&query);
                let found = query.streams.iter().flat_map(|stream| &stream.ops);
                let patterns = found.filter_map(|operator| match &operator.op {
                    Op::Pattern(pattern) => Some(pattern),
                    _ => None,
                });
                patterns.for_each(|pattern| check(pattern));
            }
        }
    }
}
