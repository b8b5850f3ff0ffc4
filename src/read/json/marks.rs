//! The marks of one line, as a list that grows while it is read.

/// Positions of the marks of a line, in order; beyond the last one its end.
#[derive(Debug, Default)]
pub(super) struct Marks {
    list: Vec<u32>,
    known: usize,
    /// The next word of the bitmap.
    word: usize,
    start: u32,
    end: u32,
}

impl Marks {
    /// Begins with the line `start..end` of the indexed text.
    pub(super) fn begin(&mut self, start: u32, end: u32) {
        self.known = 0;
        self.word = start as usize / 64;
        (self.start, self.end) = (start, end);
    }

    /// The position of mark `nth` of the line, from 0. `bitmap` is that of the whole text.
    #[inline(always)]
    pub(super) fn get(&mut self, bitmap: &[u64], nth: usize) -> usize {
        if nth >= self.known {
            self.learn(bitmap, nth);
        }
        self.list[nth] as usize
    }

    /// Reads words of the bitmap until mark `nth` is known.
    #[inline(never)]
    fn learn(&mut self, bitmap: &[u64], nth: usize) {
        const AT_ONCE: usize = 8;
        while self.known <= nth {
            let base = self.word as u32 * 64;
            if self.list.len() < self.known + 64 + AT_ONCE {
                self.list.resize((self.list.len() * 2).max(512), 0);
            }
            if base >= self.end {
                self.list[self.known] = self.end;
                self.known += 1;
                continue;
            }
            let mut bits = bitmap.get(self.word).copied().unwrap_or(0);
            if base < self.start {
                bits &= u64::MAX << (self.start - base);
            }
            if self.end - base < 64 {
                bits &= (1 << (self.end - base)) - 1;
            }
            self.word += 1;
            let count = bits.count_ones() as usize;
            let out = &mut self.list[self.known..self.known + 64 + AT_ONCE];
            let mut done = 0;
            while done < count {
                for slot in &mut out[done..done + AT_ONCE] {
                    *slot = base + bits.trailing_zeros();
                    bits &= bits.wrapping_sub(1);
                }
                done += AT_ONCE;
            }
            self.known += count;
        }
    }
}
