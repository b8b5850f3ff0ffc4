//! The loops compiled for each instruction set, and the choice among them.
//!
//! Each function with a `target_feature` only calls the one loop that all share. What is unsafe is to
//! call such a function on a processor without the feature; a [`Set`] other than [`Set::Plain`] is made
//! only by [`Set::all`], which asks the processor.
#![allow(
    unsafe_code,
    reason = "a function compiled for an instruction set may only be called where the set is there"
)]

use std::ops::Range;

use super::{Finish, GROUP, Keys, Lanes, dots, softmax};

/// An instruction set that this processor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::attend) struct Set(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// What the compiler may use anywhere.
    Plain,
    /// 8 lanes at a time.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// 16 lanes at a time.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Set {
    /// All that this processor has, the fastest first.
    pub(in crate::attend) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            let wide = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl");
            let half = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            all.extend((wide && half).then_some(Self(Kind::Avx512)));
            all.extend(half.then_some(Self(Kind::Avx2)));
        }
        all.push(Self(Kind::Plain));
        all
    }

    /// The fastest.
    pub(in crate::attend) fn best() -> Self {
        Self::all().first().copied().unwrap_or(Self(Kind::Plain))
    }
}

/// Makes the functions of [`Set`] and, for each instruction set, one that the compiler fits to it: from the
/// first loop, and where there are 32 wide registers, from the second.
macro_rules! compiled {
    ($($(#[$doc:meta])* $name:ident = $loop:path | $wide:path, ($($arg:ident: $type:ty),*) $(-> $result:ty)?;)*) => {
        $(
            #[cfg(target_arch = "x86_64")]
            mod $name {
                use super::*;
                #[target_feature(enable = "avx2,fma")]
                #[allow(clippy::too_many_arguments, reason = "those of the loop")]
                pub(super) fn avx2($($arg: $type),*) $(-> $result)? {
                    $loop($($arg),*)
                }
                #[target_feature(enable = "avx2,fma,avx512f,avx512vl")]
                #[allow(clippy::too_many_arguments, reason = "those of the loop")]
                pub(super) fn avx512($($arg: $type),*) $(-> $result)? {
                    $wide($($arg),*)
                }
            }
        )*
        impl Set {
            $(
                $(#[$doc])*
                #[allow(clippy::too_many_arguments, reason = "those of the loop")]
                pub(in crate::attend) fn $name(self, $($arg: $type),*) $(-> $result)? {
                    match self.0 {
                        Kind::Plain => $loop($($arg),*),
                        // SAFETY: the processor was asked before the value was made.
                        #[cfg(target_arch = "x86_64")]
                        Kind::Avx2 => unsafe { $name::avx2($($arg),*) },
                        // SAFETY: as above.
                        #[cfg(target_arch = "x86_64")]
                        Kind::Avx512 => unsafe { $name::avx512($($arg),*) },
                    }
                }
            )*
        }
    };
}

compiled! {
    /// The dots of a group of packed queries with tiles.
    group = dots::by_fours | dots::by_eights, (
        keys: &Keys<'_>,
        packed: &[[f32; GROUP]],
        tiles: Range<usize>,
        finish: Finish,
        out: &mut [&mut [Lanes]; GROUP]
    );
    /// The dots of one query with tiles, one result per tile of `out`.
    single = dots::single | dots::single, (
        keys: &Keys<'_>,
        query: &[f32],
        tiles: Range<usize>,
        finish: Finish,
        out: &mut [Lanes]
    );
    /// The dot of two rows.
    pair = dots::pair | dots::pair, (a: &[f32], b: &[f32], finish: Finish) -> f32;
    /// Adds the softmax of a row of dots to `out`.
    soften = softmax::add | softmax::add, (
        row: &mut [Lanes],
        first: usize,
        end: usize,
        scale: f32,
        share: f32,
        out: &mut [Lanes]
    );
}
