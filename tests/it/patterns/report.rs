//! Which matches are reported, in which order, and as which rows.

use super::pattern::{After, Pattern, Report, Row, Select, Shape, Which};
use super::reference::{AtEnd, Match, Trace, When};

/// What is compared of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reported {
    pub(super) ts: i64,
    /// Null is none.
    pub(super) key: Option<Option<i64>>,
    pub(super) start: i64,
    pub(super) end: i64,
    /// For each alias in order of the text.
    pub(super) bound: Vec<Bound>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    One(Option<i64>),
    List(Vec<i64>),
}

/// The rows of a pattern over a log that is in order.
pub(super) fn reported(pattern: &Pattern, rows: &[Row], at_end: AtEnd) -> Vec<Reported> {
    let mut keys: Vec<Option<i64>> = rows.iter().map(|row| row.k.filter(|_| pattern.keyed)).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut all = Vec::new();
    for k in keys {
        let trace = Trace::new(pattern, rows, k, at_end);
        let matches = Partition { trace: &trace, pattern };
        all.extend(matches.in_order(trace.matches()).into_iter().map(|one| (one, k)));
    }
    // Of what waited for one time that which began first in the file comes first.
    all.sort_by_key(|(one, _)| {
        let first = match one.when {
            When::Event(..) => 0,
            When::Deadline(_) | When::End => rows[one.first].id,
        };
        (one.when.key(), first, back(rows, one))
    });
    let shown = all.iter().flat_map(|(one, k)| {
        let trace = Trace::new(pattern, rows, *k, at_end);
        shown(&trace, one, *k)
    });
    shown.collect()
}

/// The places of a match's events, from the last step back to the first and of each step from the last
/// one back; the end of a list comes behind everything, so that a longer one precedes its own tail.
fn back(rows: &[Row], one: &Match) -> Vec<Vec<(usize, usize)>> {
    let steps = one.steps.iter().rev();
    let places = |list: &Vec<usize>| {
        list.iter()
            .rev()
            .map(|&at| (rows[at].tick, at))
            .chain([(usize::MAX, 0)])
            .collect()
    };
    steps.map(places).collect()
}

struct Partition<'t> {
    trace: &'t Trace<'t>,
    pattern: &'t Pattern,
}

impl Partition<'_> {
    /// Those that are reported, in order.
    fn in_order(&self, mut all: Vec<Match>) -> Vec<Match> {
        all.sort_by_key(|one| (one.when.key(), self.order(one)));
        all.dedup_by_key(|one| (one.when, self.order(one)));
        let mut reported: Vec<Match> = Vec::new();
        for together in all.chunk_by(|a, b| a.when == b.when) {
            let alive: Vec<&Match> = together.iter().filter(|one| !self.is_dropped(one, &reported)).collect();
            for one in &alive {
                let tail = alive.iter().any(|other| self.is_tail(one, other));
                if tail || self.is_dropped(one, &reported) || self.is_within_another(one, &reported) {
                    continue;
                }
                // A match that is rejected has no consequences.
                if self.passes(one) || self.pattern.after == After::NoSkip {
                    reported.push((*one).clone());
                }
            }
        }
        reported.retain(|one| self.passes(one));
        reported
    }

    /// By first event, then by the others in order of the pattern.
    fn order(&self, one: &Match) -> (usize, Vec<Vec<usize>>) {
        let ticks = |rows: &Vec<usize>| rows.iter().map(|&at| self.tick(at)).collect();
        (self.tick(one.first), one.steps.iter().map(ticks).collect())
    }

    fn tick(&self, at: usize) -> usize {
        self.trace.rows[at].tick
    }

    /// `.after_match(..)` of a match reported before.
    fn is_dropped(&self, one: &Match, reported: &[Match]) -> bool {
        let first = self.tick(one.first);
        reported.iter().any(|other| match self.pattern.after {
            After::NoSkip => false,
            After::ToNext => self.tick(other.first) == first,
            After::PastLast => first <= self.tick(other.last),
        })
    }

    /// The first repetition is a proper tail of that of another match, with equal other events.
    fn is_tail(&self, one: &Match, other: &Match) -> bool {
        let first = match self.trace.core() {
            Shape::Seq(items) => &items[0],
            shape => shape,
        };
        if !matches!(first, Shape::Repeat(..)) || self.pattern.select == Select::Any {
            return false;
        }
        let mine: Vec<usize> = first.steps().iter().map(|step| step.id).collect();
        let elements = |one: &Match| {
            let mut all: Vec<usize> = mine.iter().flat_map(|&id| one.steps[id].iter().copied()).collect();
            all.sort_unstable();
            all
        };
        let mut others = (0..one.steps.len()).filter(|id| !mine.contains(id));
        let (a, b) = (elements(one), elements(other));
        a.len() < b.len() && b.ends_with(&a) && others.all(|id| one.steps[id] == other.steps[id])
    }

    /// A lone repetition all of whose elements belong to a match already reported.
    fn is_within_another(&self, one: &Match, reported: &[Match]) -> bool {
        let lone = matches!(self.trace.core(), Shape::Repeat(..)) && self.trace.core() == &self.pattern.shape;
        let elements = |one: &Match| -> Vec<usize> { one.steps.iter().flatten().copied().collect() };
        lone && self.pattern.select != Select::Any
            && reported.iter().any(|other| {
                let theirs = elements(other);
                elements(one).iter().all(|at| theirs.contains(at))
            })
    }

    fn passes(&self, one: &Match) -> bool {
        self.pattern.filter.is_none_or(|filter| {
            let bound = self.trace.bound(filter.alias, &one.steps);
            let at = match filter.which {
                Which::One | Which::First => bound.first(),
                Which::Last => bound.last(),
            };
            let value = at.and_then(|&at| self.trace.rows[at].field(filter.field));
            filter.op.holds(value, Some(filter.n))
        })
    }
}

/// The rows of one match.
fn shown(trace: &Trace<'_>, one: &Match, k: Option<i64>) -> Vec<Reported> {
    let pattern = trace.pattern;
    let row = |steps: &[Vec<usize>], element: Option<usize>| {
        let bound = pattern.aliases().into_iter().map(|alias| {
            let ids: Vec<i64> = trace.bound(alias, steps).iter().map(|&at| trace.rows[at].id).collect();
            if pattern.each_alias() == Some(alias) {
                Bound::One(element.map(|at| trace.rows[at].id))
            } else if pattern.is_list(alias) {
                Bound::List(ids)
            } else {
                Bound::One(ids.first().copied())
            }
        });
        Reported {
            ts: one.ts,
            key: pattern.keyed.then_some(k),
            start: trace.rows[one.first].time,
            end: one.end,
            bound: bound.collect(),
        }
    };
    let repetitions = pattern.shape.repetitions();
    match pattern.report {
        Report::Longest => vec![row(&one.steps, None)],
        Report::Each => {
            let last = repetitions.last().map(|(step, ..)| one.steps[step.id].clone());
            let elements = last.unwrap_or_default().into_iter();
            elements.map(|at| row(&one.steps, Some(at))).collect()
        }
        Report::Subsets => {
            let mut all = vec![one.steps.clone()];
            for (step, min, max) in repetitions {
                let choices = subsets(&one.steps[step.id], min, max);
                let longer = all.iter().flat_map(|steps| {
                    choices.iter().map(|choice| {
                        let mut steps = steps.clone();
                        steps[step.id].clone_from(choice);
                        steps
                    })
                });
                all = longer.collect();
            }
            all.iter().map(|steps| row(steps, None)).collect()
        }
    }
}

/// The non-empty subsets of the elements whose sizes are allowed, in lexicographic order.
fn subsets(elements: &[usize], min: usize, max: Option<usize>) -> Vec<Vec<usize>> {
    if elements.is_empty() {
        return vec![Vec::new()];
    }
    let mut all: Vec<Vec<usize>> = (1_u32..1 << elements.len())
        .map(|bits| {
            let chosen = elements.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
            chosen.map(|(_, &element)| element).collect()
        })
        .collect();
    all.retain(|chosen: &Vec<usize>| chosen.len() >= min && max.is_none_or(|max| chosen.len() <= max));
    all.sort();
    all
}

#[test]
fn subsets_come_in_lexicographic_order() {
    let all = subsets(&[1, 2, 3], 1, None);
    let expected: Vec<Vec<usize>> = vec![
        vec![1],
        vec![1, 2],
        vec![1, 2, 3],
        vec![1, 3],
        vec![2],
        vec![2, 3],
        vec![3],
    ];
    assert_eq!(all, expected);
    assert_eq!(subsets(&[4, 5, 6], 2, Some(2)), [[4, 5], [4, 6], [5, 6]]);
}
