//! Random patterns and logs.
//!
//! A pattern is drawn as a rough one, of numbers and choices only, and then made good: names are given,
//! conditions are about what is bound by then, and what the language refuses is left out. So whatever
//! shrinking makes of it is a pattern again.

use proptest::prelude::*;

use super::pattern::{After, Cond, Field, Filter, Op, Pattern, Report, Row, Select, Shape, Step, Which};

#[derive(Clone, Debug)]
struct RoughCond {
    form: u8,
    field: Field,
    op: Op,
    n: i64,
    pick: usize,
}

#[derive(Clone, Debug)]
struct RoughStep {
    kind: char,
    conds: Vec<RoughCond>,
    times: Option<(usize, Option<usize>)>,
    within: Option<i64>,
    mark: Option<bool>,
}

#[derive(Clone, Debug)]
enum Rough {
    Step(RoughStep),
    Or(Vec<Rough>, bool),
    And(Vec<Rough>),
    Group(Vec<RoughStep>, Option<(usize, Option<usize>)>),
}

#[derive(Clone, Debug)]
struct RoughPattern {
    items: Vec<(Rough, Option<RoughStep>)>,
    leading: Option<RoughStep>,
    trailing: Option<RoughStep>,
    absent: Option<RoughStep>,
    keyed: bool,
    within: Option<i64>,
    select: Select,
    report: Report,
    after: After,
    filter: Option<RoughCond>,
}

fn field() -> impl Strategy<Value = Field> {
    prop_oneof![3 => Just(Field::V), 1 => Just(Field::U)]
}

fn op() -> impl Strategy<Value = Op> {
    prop::sample::select(vec![Op::Ge, Op::Ge, Op::Gt, Op::Ne, Op::Le, Op::Le, Op::Lt, Op::Eq])
}

fn cond() -> impl Strategy<Value = RoughCond> {
    (0..8_u8, field(), op(), 0..3_i64, 0..8_usize).prop_map(|(form, field, op, n, pick)| RoughCond {
        form,
        field,
        op,
        n,
        pick,
    })
}

fn times() -> impl Strategy<Value = (usize, Option<usize>)> {
    prop::sample::select(vec![
        (1, None),
        (0, Some(1)),
        (0, None),
        (2, Some(2)),
        (2, None),
        (1, Some(2)),
        (2, Some(3)),
        (0, Some(2)),
    ])
}

fn step() -> impl Strategy<Value = RoughStep> {
    let kind = prop::sample::select("AAAAAABBBBBBCCCDPQ*".chars().collect::<Vec<_>>());
    let how_many = prop_oneof![6 => Just(0), 4 => Just(1), 1 => Just(2_usize)];
    let conds = how_many.prop_flat_map(|n| prop::collection::vec(cond(), n));
    let within = prop::option::weighted(0.15, 1..6_i64);
    let mark = prop::option::weighted(0.12, any::<bool>());
    let times = prop::option::weighted(0.35, times());
    (kind, conds, times, within, mark).prop_map(|(kind, conds, times, within, mark)| RoughStep {
        kind,
        conds,
        times,
        within,
        mark,
    })
}

fn item() -> impl Strategy<Value = Rough> {
    let one = || step().prop_map(Rough::Step);
    let chain = || prop::collection::vec(step(), 2..3).prop_map(|steps| Rough::Group(steps, None));
    let member = move || prop_oneof![4 => one(), 1 => chain()];
    prop_oneof![
        12 => one(),
        2 => (prop::collection::vec(member(), 2..=2), any::<bool>()).prop_map(|(all, same)| Rough::Or(all, same)),
        2 => prop_oneof![3 => Just(2_usize), 1 => Just(3)].prop_flat_map(move |n| prop::collection::vec(member(), n)).prop_map(Rough::And),
        1 => (prop::collection::vec(step(), 2..3), times()).prop_map(|(steps, times)| Rough::Group(steps, Some(times))),
    ]
}

fn rough() -> impl Strategy<Value = RoughPattern> {
    let between = prop::option::weighted(0.12, step()).boxed();
    let items = prop::sample::select(vec![1, 2, 2, 2, 2, 3, 3, 3, 4_usize])
        .prop_flat_map(move |n| prop::collection::vec((item(), between.clone()), n));
    let absences = (
        prop::option::weighted(0.08, step()),
        prop::option::weighted(0.12, step()),
        prop::option::weighted(0.12, step()),
    );
    let select = prop_oneof![6 => Just(Select::Next), 1 => Just(Select::Strict), 2 => Just(Select::Any)];
    let report = prop_oneof![6 => Just(Report::Longest), 1 => Just(Report::Each), 1 => Just(Report::Subsets)];
    let after = prop_oneof![5 => Just(After::NoSkip), 1 => Just(After::ToNext), 1 => Just(After::PastLast)];
    let within = prop::option::weighted(0.6, 3..20_i64);
    let filter = prop::option::weighted(0.1, cond());
    (
        items,
        absences,
        prop::bool::weighted(0.3),
        within,
        select,
        report,
        after,
        filter,
    )
        .prop_map(
            |(items, (leading, trailing, absent), keyed, within, select, report, after, filter)| RoughPattern {
                items,
                leading,
                trailing,
                absent,
                keyed,
                within,
                select,
                report,
                after,
                filter,
            },
        )
}

/// Patterns that the language allows.
pub(super) fn pattern() -> impl Strategy<Value = Pattern> {
    rough().prop_map(|rough| Making::default().pattern(rough))
}

/// What is bound so far: the alias, and whether it is a list.
#[derive(Clone, Debug, Default)]
struct Making {
    steps: usize,
    aliases: usize,
    bound: Vec<(usize, bool)>,
    select: Select,
}

impl Making {
    fn pattern(mut self, rough: RoughPattern) -> Pattern {
        let RoughPattern {
            keyed,
            mut within,
            after,
            ..
        } = rough;
        self.select = rough.select;
        let many = rough.items.len();
        let alone = many == 1 && rough.trailing.is_none();
        let lone = alone && matches!(rough.items[0].0, Rough::Step(_) | Rough::Group(..));
        let mut shapes = Vec::new();
        let leading = rough.leading.filter(|_| !lone);
        // The absence in first place may name the step that follows.
        let follows = match &rough.items[0].0 {
            Rough::Step(RoughStep { times: None, .. }) => vec![(0, false)],
            _ => Vec::new(),
        };
        if let Some(step) = leading {
            shapes.push(Shape::Absent(self.absence(&step, &follows, true)));
        }
        let mut optional = true;
        for (at, (item, absent)) in rough.items.into_iter().enumerate() {
            let last = at + 1 == many && rough.trailing.is_none();
            // One that is optional needs others.
            let needed = at + 1 == many && optional;
            let shape = self.item(item, (at == 0, last, needed, lone));
            let is_optional = matches!(shape, Shape::Repeat(_, 0, _));
            if let (Some(Shape::Absent(_)), true, true) = (shapes.last(), at > 0, is_optional && last) {
                shapes.pop();
            }
            optional &= is_optional;
            shapes.push(shape);
            if let Some(absent) = absent.filter(|_| at + 1 < many && !optional) {
                let bound = self.bound.clone();
                shapes.push(Shape::Absent(self.absence(&absent, &bound, false)));
            }
        }
        if let Some(step) = rough.trailing {
            let bound = self.bound.clone();
            shapes.push(Shape::Absent(self.absence(&step, &bound, true)));
        }
        let shape = if shapes.len() == 1 {
            shapes.remove(0)
        } else {
            Shape::Seq(shapes)
        };
        if self.select == Select::Any {
            within = Some(within.unwrap_or(9));
        }
        let report = report(rough.report, &shape, self.select);
        if report == Report::Subsets {
            within = Some(within.unwrap_or(9));
        }
        let plain_first =
            follows.is_empty() || matches!(&shape, Shape::Seq(items) if matches!(items[0], Shape::Absent(_)));
        let first = if plain_first { Vec::new() } else { follows };
        let absent = rough.absent.map(|step| Step {
            within: None,
            ..self.absence(&step, &first, false)
        });
        let filter = rough
            .filter
            .filter(|_| report == Report::Longest && (after == After::NoSkip || !lone))
            .and_then(|cond| self.filter(&cond, &shape));
        Pattern {
            shape,
            absent,
            keyed,
            within,
            select: self.select,
            report,
            after,
            filter,
        }
    }

    fn filter(&self, cond: &RoughCond, shape: &Shape) -> Option<Filter> {
        let &(alias, list) = self.bound.get(cond.pick % self.bound.len().max(1))?;
        debug_assert_eq!(list, shape.lists().contains(&alias), "{shape:?}");
        Some(Filter {
            alias,
            which: which(list, cond),
            field: cond.field,
            op: cond.op,
            n: cond.n,
        })
    }

    fn item(&mut self, item: Rough, (first, last, needed, lone): (bool, bool, bool, bool)) -> Shape {
        match item {
            Rough::Step(mut step) => {
                if needed && (lone || step.times.is_some()) {
                    step.times = Some(step.times.map_or((2, None), |(min, max)| (min.max(1), max)));
                }
                // `{1}` is a plain step, and a plain step alone is no pattern.
                if step.times == Some((1, Some(1))) {
                    step.times = lone.then_some((1, None));
                }
                let keep_within = !first || step.times.is_some();
                step.within = step.within.filter(|_| keep_within);
                if first || (last && step.times.is_some()) {
                    step.mark = None;
                }
                self.step(&step, true)
            }
            Rough::Or(members, same) => {
                let before = self.bound.clone();
                let mut made = Vec::new();
                let mut bound = before.clone();
                for member in members {
                    self.bound.clone_from(&before);
                    made.push(self.member(member));
                    bound.extend(self.bound[before.len()..].iter().copied());
                }
                self.bound = bound;
                if same {
                    self.name_alike(&mut made);
                }
                Shape::Or(made)
            }
            Rough::And(members) => {
                let before = self.bound.clone();
                let mut bound = before.clone();
                let mut made = Vec::new();
                for member in members {
                    self.bound.clone_from(&before);
                    made.push(self.member(member));
                    bound.extend(self.bound[before.len()..].iter().copied());
                }
                self.bound = bound;
                Shape::And(made)
            }
            Rough::Group(steps, times) => {
                let before = self.bound.clone();
                let (min, max) = times.unwrap_or((1, None));
                let times = (if needed { min.max(1) } else { min }, max);
                let mut made = Vec::new();
                for (at, step) in steps.into_iter().enumerate() {
                    let step = RoughStep {
                        within: None,
                        mark: None,
                        times: step.times.filter(|times| at > 0 && times.0 > 0),
                        ..step
                    };
                    let bound = self.bound.len();
                    self.bound.truncate(before.len());
                    made.push(self.step(&step, false));
                    let _ = bound;
                }
                let listed = times != (0, Some(1)) && times != (1, Some(1));
                self.bound = before;
                let body = Shape::Seq(made);
                let lists = body.lists();
                let all = body
                    .steps()
                    .into_iter()
                    .map(|step| (step.alias, listed || lists.contains(&step.alias)));
                self.bound.extend(all);
                if times == (1, Some(1)) {
                    body
                } else {
                    Shape::Repeat(Box::new(body), times.0, times.1)
                }
            }
        }
    }

    /// A member of `and` or `or`.
    fn member(&mut self, member: Rough) -> Shape {
        match member {
            Rough::Step(step) => self.step(&plain(step), false),
            Rough::Group(steps, _) => {
                Shape::Seq(steps.into_iter().map(|step| self.step(&plain(step), false)).collect())
            }
            other => self.item(other, (false, false, false, false)),
        }
    }

    /// Alternatives that are single steps get one name.
    fn name_alike(&mut self, members: &mut [Shape]) {
        let all_single = members.iter().all(|member| matches!(member, Shape::Step(_)));
        let [Shape::Step(first), rest @ ..] = members else {
            return;
        };
        if all_single {
            for member in rest {
                if let Shape::Step(step) = member {
                    let alias = step.alias;
                    self.bound.retain(|bound| bound.0 != alias);
                    step.alias = first.alias;
                }
            }
        }
    }

    /// A step that takes events; `top` where it may be marked.
    fn step(&mut self, rough: &RoughStep, top: bool) -> Shape {
        let times = rough.times;
        let list = times.is_some_and(|times| times.1 != Some(1));
        let alias = self.aliases;
        self.aliases += 1;
        let mut known = self.bound.clone();
        if list {
            known.push((alias, true));
        }
        let conds = rough.conds.iter().map(|cond| made(cond, &known)).collect();
        self.bound.push((alias, list));
        let each = rough.mark == Some(true) && top && times.is_none() && self.select == Select::Next;
        let step = Step {
            id: self.id(),
            kind: rough.kind,
            alias,
            conds,
            within: rough.within.filter(|_| top),
            next: rough.mark == Some(false) && top,
            each,
        };
        match times {
            None => Shape::Step(step),
            Some((min, max)) => Shape::Repeat(Box::new(Shape::Step(step)), min, max),
        }
    }

    fn absence(&mut self, rough: &RoughStep, bound: &[(usize, bool)], timed: bool) -> Step {
        Step {
            id: self.id(),
            kind: rough.kind,
            alias: usize::MAX,
            conds: rough.conds.iter().map(|cond| made(cond, bound)).collect(),
            within: timed.then(|| rough.within.unwrap_or(3)),
            next: false,
            each: false,
        }
    }

    fn id(&mut self) -> usize {
        self.steps += 1;
        self.steps - 1
    }
}

fn plain(step: RoughStep) -> RoughStep {
    RoughStep {
        times: step.times.filter(|times| times.0 > 0 && *times != (1, Some(1))),
        within: None,
        mark: None,
        ..step
    }
}

fn which(list: bool, cond: &RoughCond) -> Which {
    match (list, cond.pick % 3) {
        (false, _) => Which::One,
        (true, 0) => Which::First,
        (true, _) => Which::Last,
    }
}

/// A condition about what is bound, or about the event alone.
fn made(rough: &RoughCond, bound: &[(usize, bool)]) -> Cond {
    let &RoughCond {
        form,
        field,
        op,
        n,
        pick,
    } = rough;
    let own = match field {
        Field::U => Cond::Own(field, Op::Eq, n % 2),
        Field::V => Cond::Own(field, op, n),
    };
    // The newest first, so that elements so far are often asked.
    let Some(&(alias, list)) = bound.iter().rev().nth(pick % bound.len().max(1)) else {
        return own;
    };
    match form {
        0..3 => own,
        3..5 => Cond::With(field, op, alias, which(list, rough)),
        5 => Cond::Plus(op, alias, which(list, rough), n + 1),
        6 if list => Cond::Sum(op, alias, n + 2),
        7 if list => Cond::Count(op, alias, n),
        _ => Cond::With(Field::U, Op::Eq, alias, which(list, rough)),
    }
}

/// Rows for elements and subsets only where it is clear which.
fn report(report: Report, shape: &Shape, select: Select) -> Report {
    let repetitions = shape.repetitions();
    let all = shape.lists().len() == repetitions.iter().filter(|(_, _, max)| *max != Some(1)).count();
    let sure = match report {
        Report::Longest => true,
        Report::Each => matches!(repetitions.as_slice(), [(_, 1.., _)]) && top_level(shape),
        Report::Subsets => !repetitions.is_empty(),
    };
    if sure && all && select != Select::Any {
        report
    } else {
        Report::Longest
    }
}

/// Its repetition is not within a group.
fn top_level(shape: &Shape) -> bool {
    match shape {
        Shape::Seq(items) => items.iter().any(|item| matches!(item, Shape::Repeat(..))),
        shape => matches!(shape, Shape::Repeat(..)),
    }
}

/// A log in the order of its file: at most two seconds from being in order.
pub(super) fn log() -> impl Strategy<Value = Vec<Row>> {
    let kind = prop::sample::select("AAAABBBBCCDX".chars().collect::<Vec<_>>());
    let pause = prop::sample::select(vec![0, 1, 1, 1, 2, 4]);
    let shift = prop_oneof![5 => Just(0), 1 => 0..3_i64];
    let k = prop::option::weighted(0.95, prop::sample::select(vec![0, 0, 0, 1_i64]));
    let v = prop::option::weighted(0.95, 0..4_i64);
    prop::collection::vec((kind, pause, shift, k, v, 0..2_i64), 4..15).prop_map(|events| {
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

/// Much of what is drawn finds something, and all of it can be written down.
#[test]
fn patterns_are_readable_and_match() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut matched, mut rows) = (0, 0);
    for _ in 0..400 {
        let pattern = pattern().new_tree(&mut runner).unwrap().current();
        let log = in_order(&log().new_tree(&mut runner).unwrap().current());
        let found = super::report::reported(&pattern, &log, super::reference::AtEnd::Auto).len();
        matched += usize::from(found > 0);
        rows += found;
        println!("{found} {pattern}");
        let program = format!("stream M = {pattern}\n");
        let mut sources = varpulis::diag::SourceMap::default();
        let main = sources.add(std::path::Path::new("p.vpl"), program.clone());
        let parsed = varpulis::syntax::parse(main, &program);
        assert!(parsed.diagnostics.is_empty(), "{program}{:?}", parsed.diagnostics);
    }
    assert!(matched > 100, "{matched} of 400 patterns match");
    assert!(rows > 300, "{rows} rows");
}
