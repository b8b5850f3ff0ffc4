//! The one total order of a replay (LANGUAGE.md, section 11, "Order").

/// What of the things determined at one time comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rank {
    /// The end of a window.
    Window,
    /// A record.
    #[default]
    Event,
    /// The deadline of a session or pattern.
    Deadline,
}

/// Where a row stands in the total order: by the time at which it is determined, then by what
/// determines it, then by the record it comes from (of windows and runs: their first).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The end of the input closes it: after everything else.
    pub end: bool,
    /// When it is determined: the clock, in nanoseconds. Of a record on time its own time.
    pub time: i64,
    /// What determines it.
    pub rank: Rank,
    /// Number of the record's input.
    pub input: u32,
    /// Where the record stands in its input (see [`Position`](super::Position)).
    pub offset: u64,
}

impl Place {
    /// Before everything.
    pub const MIN: Self = Self {
        end: false,
        time: i64::MIN,
        rank: Rank::Window,
        input: 0,
        offset: 0,
    };
    /// After everything that is not closed by the end of the input.
    pub const LAST: Self = Self {
        end: false,
        time: i64::MAX,
        rank: Rank::Deadline,
        input: u32::MAX,
        offset: u64::MAX,
    };

    /// The place of a record.
    #[must_use]
    pub fn record(time: i64, input: u32, offset: u64) -> Self {
        Self {
            end: false,
            time,
            rank: Rank::Event,
            input,
            offset,
        }
    }

    /// The place of a timer that belongs to what began with this record.
    #[must_use]
    pub fn timer(self, time: i64, rank: Rank) -> Self {
        Self {
            end: false,
            time,
            rank,
            ..self
        }
    }

    /// The same, closed by the end of the input.
    #[must_use]
    pub fn at_end(self) -> Self {
        Self { end: true, ..self }
    }
}
