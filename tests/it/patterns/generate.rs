//! Random patterns and logs.
//!
//! A pattern is drawn as a rough one, of numbers and choices only, and then made good: names are given,
//! conditions are about what is bound by then, and what the language refuses is left out. So whatever
//! shrinking makes of it is a pattern again.

use proptest::prelude::*;

use super::making::Making;
use super::pattern::{After, Field, Op, Pattern, Report, Select};

#[derive(Clone, Debug)]
pub(super) struct RoughCond {
    pub(super) form: u8,
    pub(super) field: Field,
    pub(super) op: Op,
    pub(super) n: i64,
    pub(super) pick: usize,
}

#[derive(Clone, Debug)]
pub(super) struct RoughStep {
    pub(super) kind: char,
    pub(super) conds: Vec<RoughCond>,
    pub(super) times: Option<(usize, Option<usize>)>,
    pub(super) within: Option<i64>,
    pub(super) mark: Option<bool>,
}

#[derive(Clone, Debug)]
pub(super) enum Rough {
    Step(RoughStep),
    Or(Vec<Rough>, bool),
    And(Vec<Rough>),
    Group(Vec<RoughStep>, Option<(usize, Option<usize>)>),
}

#[derive(Clone, Debug)]
pub(super) struct RoughPattern {
    pub(super) items: Vec<(Rough, Option<RoughStep>)>,
    pub(super) leading: Option<RoughStep>,
    pub(super) trailing: Option<RoughStep>,
    pub(super) absent: Option<RoughStep>,
    pub(super) keyed: bool,
    pub(super) within: Option<i64>,
    pub(super) select: Select,
    pub(super) report: Report,
    pub(super) after: After,
    pub(super) filter: Option<RoughCond>,
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
    let kind = prop::sample::select("AAAAAABBBBBBCCCPQ*".chars().collect::<Vec<_>>());
    let how_many = prop_oneof![8 => Just(0), 4 => Just(1), 1 => Just(2_usize)];
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

/// Sequences under skip till any match, of which trends are reckoned.
pub(super) fn trends() -> impl Strategy<Value = Pattern> {
    (rough(), step()).prop_map(|(mut rough, step)| {
        rough.items.retain(|(item, _)| matches!(item, Rough::Step(_)));
        if rough.items.is_empty() {
            rough.items.push((Rough::Step(step), None));
        }
        for (item, absent) in &mut rough.items {
            *absent = None;
            if let Rough::Step(step) = item {
                (step.mark, step.within) = (None, None);
            }
        }
        let rough = RoughPattern {
            leading: None,
            trailing: None,
            absent: None,
            filter: None,
            select: Select::Any,
            report: Report::Longest,
            after: After::NoSkip,
            ..rough
        };
        Making::default().pattern(rough)
    })
}

/// Much of what is drawn finds something, and all of it can be written down.
#[test]
fn patterns_are_readable_and_match() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut matched, mut rows) = (0, 0);
    for at in 0..400 {
        let pattern = pattern().new_tree(&mut runner).unwrap().current();
        let log = super::logs::in_order(&super::logs::log().new_tree(&mut runner).unwrap().current());
        let found = super::report::reported(&pattern, &log, super::reference::AtEnd::Auto).len();
        matched += usize::from(found > 0);
        rows += found;
        println!("{found} {pattern}");
        let program = super::run::statement(at, &pattern);
        let mut sources = varpulis::diag::SourceMap::default();
        let main = sources.add(std::path::Path::new("p.vpl"), program.clone());
        let parsed = varpulis::syntax::parse(main, &program);
        assert!(parsed.diagnostics.is_empty(), "{program}{:?}", parsed.diagnostics);
    }
    assert!(matched > 100, "{matched} of 400 patterns match");
    assert!(rows > 300, "{rows} rows");
}
