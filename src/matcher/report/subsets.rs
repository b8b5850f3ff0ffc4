//! `.subsets()`: the choices of elements from the repetitions of a match, one at a time.
//!
//! Choices of one repetition come in lexicographic order of the elements' positions, `[1] [1 2] [1 2 3]
//! [1 3] [2]`; of several repetitions the first is outermost.
//!
//! Cost: what is remembered is the choice at hand; from one to the next takes no longer than to write
//! it down, for no choice is begun that cannot reach the least size.

use super::{Taken, bound};
use crate::ir::StepId;

/// A step that repeats by itself, and how often.
#[derive(Clone, Copy, Debug)]
pub(in crate::matcher) struct Repetition {
    /// The step.
    pub(in crate::matcher) step: StepId,
    /// At least so often.
    pub(in crate::matcher) least: u32,
    /// At most so often.
    pub(in crate::matcher) most: Option<u32>,
}

/// The choices of one match.
#[derive(Debug)]
pub(super) struct Subsets<'a> {
    taken: &'a [Taken],
    /// By repetition: its step, and the choice at hand.
    choices: Vec<(StepId, Choice)>,
}

impl<'a> Subsets<'a> {
    /// The first choice; none where there is none of the sizes allowed.
    pub(super) fn of(repetitions: &[Repetition], taken: &'a [Taken]) -> Option<Self> {
        let choice = |one: &Repetition| {
            let len = bound::of_step(one.step, taken).len();
            Some((one.step, Choice::first(len, one.least, one.most)?))
        };
        Some(Self {
            taken,
            choices: repetitions.iter().map(choice).collect::<Option<_>>()?,
        })
    }

    /// Goes to the next choice, if there is one.
    pub(super) fn advance(&mut self) -> bool {
        for (_, choice) in self.choices.iter_mut().rev() {
            if choice.advance() {
                return true;
            }
            choice.restart();
        }
        false
    }

    /// Adds the events of this choice: by step, those of one step in order.
    pub(super) fn write(&self, out: &mut Vec<Taken>) {
        for together in self.taken.chunk_by(|a, b| a.0 == b.0) {
            match self.choices.iter().find(|(step, _)| *step == together[0].0) {
                None => out.extend_from_slice(together),
                Some((_, choice)) => out.extend(choice.chosen.iter().map(|&at| together[at as usize])),
            }
        }
    }
}

/// A choice of some of `len` elements.
#[derive(Debug)]
struct Choice {
    len: u32,
    least: u32,
    most: u32,
    /// Which, ascending.
    chosen: Vec<u32>,
}

impl Choice {
    /// The first one. Of no elements there is the one empty choice.
    fn first(len: usize, least: u32, most: Option<u32>) -> Option<Self> {
        let len = u32::try_from(len).ok()?;
        let least = if len == 0 { 0 } else { least.max(1) };
        let most = most.map_or(len, |most| most.min(len));
        let mut made = Self {
            len,
            least,
            most,
            chosen: Vec::new(),
        };
        made.restart();
        (least <= most).then_some(made)
    }

    fn restart(&mut self) {
        self.chosen.clear();
        self.chosen.extend(0..self.least);
    }

    /// Goes to the next one, if there is one.
    fn advance(&mut self) -> bool {
        let size = self.chosen.len() as u32;
        if let Some(&last) = self.chosen.last()
            && size < self.most
            && last + 1 < self.len
        {
            self.chosen.push(last + 1);
            return true;
        }
        while let Some(last) = self.chosen.pop() {
            let (next, size) = (last + 1, self.chosen.len() as u32);
            let more = self.least.saturating_sub(size).max(1);
            if self.len - next >= more {
                self.chosen.extend(next..next + more);
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::{Choice, Repetition, Subsets};

    fn all(len: usize, least: u32, most: Option<u32>) -> Vec<Vec<u32>> {
        let mut found = Vec::new();
        let Some(mut choice) = Choice::first(len, least, most) else {
            return found;
        };
        loop {
            found.push(choice.chosen.clone());
            if !choice.advance() {
                return found;
            }
        }
    }

    #[test]
    fn choices_are_all_subsets_of_the_sizes_in_lexicographic_order() {
        for len in 0..8 {
            for least in 0..5 {
                for most in (1..6).map(Some).chain([None]) {
                    let mut expected: Vec<Vec<u32>> = (0_u32..1 << len)
                        .map(|bits| (0..len as u32).filter(|at| bits >> at & 1 == 1).collect())
                        .filter(|chosen: &Vec<u32>| {
                            let size = chosen.len() as u32;
                            let fits = size >= least && most.is_none_or(|most| size <= most);
                            if len == 0 { true } else { size > 0 && fits }
                        })
                        .collect();
                    expected.sort();
                    assert_eq!(all(len, least, most), expected, "{len} {least} {most:?}");
                }
            }
        }
    }

    #[test]
    fn the_first_choice_of_many_costs_nothing() {
        let mut choice = Choice::first(1_000_000, 999_999, None).unwrap();
        assert_eq!(choice.chosen.len(), 999_999);
        let sizes: Vec<usize> = (0..4)
            .map(|_| {
                choice.advance();
                choice.chosen.len()
            })
            .collect();
        assert_eq!(sizes, [1_000_000, 999_999, 999_999, 999_999]);
    }

    #[test]
    fn the_first_repetition_is_outermost() {
        let of = |step| Repetition {
            step,
            least: 1,
            most: None,
        };
        let taken = [(0, 1), (1, 2), (1, 3), (2, 4), (3, 5), (3, 6)];
        let mut subsets = Subsets::of(&[of(1), of(3)], &taken).unwrap();
        let mut found = Vec::new();
        loop {
            let mut row = Vec::new();
            subsets.write(&mut row);
            found.push(row.iter().map(|one| one.1).collect::<Vec<u32>>());
            if !subsets.advance() {
                break;
            }
        }
        let expected: Vec<Vec<u32>> = vec![
            vec![1, 2, 4, 5],
            vec![1, 2, 4, 5, 6],
            vec![1, 2, 4, 6],
            vec![1, 2, 3, 4, 5],
            vec![1, 2, 3, 4, 5, 6],
            vec![1, 2, 3, 4, 6],
            vec![1, 3, 4, 5],
            vec![1, 3, 4, 5, 6],
            vec![1, 3, 4, 6],
        ];
        assert_eq!(found, expected);
    }
}
