//! A sorted multiset of words with access by place: blocks of bounded length, each sorted, in order.
//!
//! To insert, remove or find the k-th of n costs a walk over the blocks' lengths and a move within one
//! block: about the root of n.

/// A block longer than this is cut in two.
const LONGEST: usize = 512;

/// The words.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks {
    blocks: Vec<Vec<i64>>,
    len: usize,
}

impl Blocks {
    /// How many words there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Which block a word belongs to: the first that does not end before it.
    fn block(&self, word: i64) -> usize {
        self.blocks
            .partition_point(|block| block.last().is_some_and(|last| *last < word))
    }

    /// Adds a word.
    pub(super) fn insert(&mut self, word: i64) {
        self.len += 1;
        if self.blocks.is_empty() {
            self.blocks.push(Vec::new());
        }
        let at = self.block(word).min(self.blocks.len() - 1);
        let block = &mut self.blocks[at];
        block.insert(block.partition_point(|known| *known < word), word);
        if block.len() > LONGEST {
            let upper = block.split_off(LONGEST / 2);
            self.blocks.insert(at + 1, upper);
        }
    }

    /// Removes a word, if it is there.
    pub(super) fn remove(&mut self, word: i64) {
        let at = self.block(word);
        let Some(block) = self.blocks.get_mut(at) else { return };
        if let Ok(place) = block.binary_search(&word) {
            block.remove(place);
            self.len -= 1;
            if block.is_empty() {
                self.blocks.remove(at);
            }
        }
    }

    /// The word at a place in ascending order.
    pub(super) fn at(&self, mut place: usize) -> Option<i64> {
        for block in &self.blocks {
            match block.get(place) {
                Some(word) => return Some(*word),
                None => place -= block.len(),
            }
        }
        None
    }

    /// About how many bytes are held.
    pub(super) fn bytes(&self) -> usize {
        self.blocks.capacity() * size_of::<Vec<i64>>() + self.len * 12
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_in_order() {
        let mut blocks = Blocks::default();
        let mut sorted = Vec::new();
        for i in 0..5000_i64 {
            let word = i * 7919 % 1000;
            blocks.insert(word);
            sorted.insert(sorted.partition_point(|known| *known < word), word);
            if i % 3 == 2 {
                let gone = (i - 2) * 7919 % 1000;
                blocks.remove(gone);
                sorted.remove(sorted.binary_search(&gone).unwrap());
            }
        }
        blocks.remove(5000);
        assert_eq!(blocks.len(), sorted.len());
        let all: Vec<i64> = (0..sorted.len()).filter_map(|place| blocks.at(place)).collect();
        assert_eq!(all, sorted);
        assert_eq!(blocks.at(sorted.len()), None);
    }
}
