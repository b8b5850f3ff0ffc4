//! The arithmetic over tiles of events: dots, softmax, and their choice by instruction set.
//!
//! A tile holds [`LANES`] events, one lane each: `tile[dim][lane]`. A dot is the chain
//! `acc = fma(query[dim], tile[dim][lane], acc)` over the dims in order, whichever instructions compute
//! it and however queries and tiles are grouped, so there is nothing that could round otherwise. The
//! loops are written in plain Rust over arrays of [`LANES`], those over many tiles in the instructions of
//! x86-64 too; `sets` chooses. Cost: an AVX2 core does about 16 of these multiply-adds per cycle.

mod dots;
mod exp;
mod sets;
mod softmax;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(super) use dots::pack;
pub(super) use sets::Set;

/// How many events share a tile.
pub(super) const LANES: usize = 16;
/// One number per event of a tile.
pub(super) type Lanes = [f32; LANES];
/// How many queries share the loads of a tile.
pub(super) const GROUP: usize = 8;

/// Tiles of keys that lie one after the other.
#[derive(Clone, Copy)]
pub(super) struct Keys<'a> {
    /// `tile[dim]` of all tiles.
    pub(super) lanes: &'a [Lanes],
    /// Rows of a tile.
    pub(super) dims: usize,
    /// The rows that count: the dims of a head, or all.
    pub(super) from: usize,
    /// Behind the last of them.
    pub(super) to: usize,
}

impl<'a> Keys<'a> {
    /// The rows of a tile that count.
    #[inline(always)]
    fn tile(&self, at: usize) -> &'a [Lanes] {
        &self.lanes[at * self.dims + self.from..at * self.dims + self.to]
    }
}

/// What becomes of a dot before it is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Finish {
    /// Nothing.
    Raw,
    /// Times this, and no less than 0 and no more than 1: a score.
    Score(f32),
}
