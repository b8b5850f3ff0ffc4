//! The catalogue of builtin functions.

use crate::data::Type;

/// What a builtin takes and gives.
#[derive(Clone, Debug)]
pub struct Signature {
    /// Types of the arguments that are no lambdas; the last repeats when `variadic`.
    pub params: &'static [ParamType],
    /// How many of them must be given.
    pub required: usize,
    /// Whether the last may be given any number of times.
    pub variadic: bool,
    /// How many parameters each lambda argument takes (they follow the other arguments; a method's
    /// receiver is the first argument).
    pub lambdas: &'static [usize],
    /// What it gives, where that does not depend on the arguments.
    pub result: Type,
}

/// What an argument may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamType {
    /// Anything.
    Any,
    /// Text.
    Str,
    /// An integer.
    Int,
    /// An integer or a float.
    Number,
    /// A bool.
    Bool,
    /// A timestamp.
    Timestamp,
    /// A duration.
    Duration,
    /// A list.
    List,
    /// A map.
    Map,
    /// Text, list or map.
    Collection,
}

/// A builtin function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Builtin {
    /// `len(x)`
    Len,
}

impl Builtin {
    /// All builtins.
    pub const ALL: &'static [Builtin] = &[Builtin::Len];

    /// The builtin of a name, aliases included (`to_string` is `str`).
    #[must_use]
    pub fn lookup(name: &str) -> Option<Self> {
        (name == "len").then_some(Self::Len)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        "len"
    }

    /// What it takes and gives.
    #[must_use]
    pub fn signature(self) -> Signature {
        Signature {
            params: &[ParamType::Collection],
            required: 1,
            variadic: false,
            lambdas: &[],
            result: Type::Int,
        }
    }

    /// Whether a call may differ from another with the same arguments on the same row (`random`).
    #[must_use]
    pub fn is_volatile(self) -> bool {
        false
    }
}
