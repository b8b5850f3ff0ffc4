//! What operators take and make.

use std::sync::Arc;

use crate::data::{Column, EventRows, Place, Rank};

use super::Keys;

/// Where the rows of a batch stand.
#[derive(Clone, Debug)]
pub enum Places {
    /// They are records (or come from them, each from the one given).
    Records {
        /// The records.
        event: Arc<dyn EventRows>,
        /// For each row its record.
        rows: Vec<u32>,
        /// The clock at each row, where that is not the row's time.
        clock: Option<Vec<i64>>,
    },
    /// As listed.
    Listed(Vec<Place>),
}

/// Rows in order, with all that an operator asks of them.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The partition's keys.
    pub keys: Keys,
    /// The operator's arguments: for an aggregation those of each call.
    pub args: Vec<Vec<Column>>,
    /// Event times, in nanoseconds.
    pub times: Vec<i64>,
    /// Where the rows stand.
    pub places: Places,
    /// Which rows are late; none: none is.
    pub late: Option<Vec<bool>>,
}

impl Batch {
    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.times.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// Where a row stands.
    #[must_use]
    pub fn place(&self, row: usize) -> Place {
        match &self.places {
            Places::Records { event, rows, clock } => {
                let position = event.position(rows[row]);
                let time = clock.as_ref().map_or(self.times[row], |clock| clock[row]);
                Place::record(time, position.input, position.offset)
            }
            Places::Listed(places) => places[row],
        }
    }

    /// The clock at a row.
    #[must_use]
    pub fn clock(&self, row: usize) -> i64 {
        match &self.places {
            Places::Records { clock, .. } => clock.as_ref().map_or(self.times[row], |clock| clock[row]),
            Places::Listed(places) => places[row].time,
        }
    }

    /// The ends of windows up to and with this time come before a row.
    #[must_use]
    pub fn passed(&self, row: usize) -> i64 {
        match &self.places {
            Places::Listed(places) => match places[row] {
                Place { end: true, .. } => i64::MIN,
                // The window that ends now takes what was determined by windows that end now.
                Place {
                    rank: Rank::Window,
                    time,
                    ..
                } => time.saturating_sub(1),
                Place { time, .. } => time,
            },
            Places::Records { .. } => self.clock(row),
        }
    }

    /// The deadlines before this time come before a row.
    #[must_use]
    pub fn overdue(&self, row: usize) -> i64 {
        match &self.places {
            Places::Listed(places) if places[row].end => i64::MIN,
            // What a deadline determined comes before the deadlines behind it of the same time.
            Places::Listed(places) => places[row].time,
            Places::Records { .. } => self.clock(row),
        }
    }

    /// Whether a row is late. A window's row that comes again (because of a late row) is: it belongs to
    /// a time that the clock has passed.
    #[must_use]
    pub fn is_late(&self, row: usize) -> bool {
        let again = |place: Place| place.rank == Rank::Event && !place.end && self.times[row] < place.time;
        let listed = matches!(&self.places, Places::Listed(places) if again(places[row]));
        listed || self.late.as_ref().is_some_and(|late| late[row])
    }
}

/// Rows that an operator has made.
#[derive(Clone, Debug, Default)]
pub struct Made {
    /// Where they stand.
    pub places: Vec<Place>,
    /// Their event times.
    pub times: Vec<i64>,
    /// Their columns.
    pub columns: Vec<Column>,
}

impl Made {
    /// Some of the rows.
    #[must_use]
    pub fn pick(&self, rows: &[u32]) -> Self {
        Self {
            places: rows.iter().map(|&row| self.places[row as usize]).collect(),
            times: rows.iter().map(|&row| self.times[row as usize]).collect(),
            columns: self.columns.iter().map(|column| column.take(rows)).collect(),
        }
    }

    /// All rows of some pieces, in order; rows of one place as they come.
    #[must_use]
    pub fn in_order(mut pieces: Vec<Self>) -> Self {
        pieces.retain(|piece| !piece.places.is_empty());
        if pieces.is_empty() {
            return Self::default();
        }
        if follow(&pieces) {
            return Self::joined(pieces);
        }
        let mut order: Vec<(Place, u32, u32)> = Vec::new();
        for (piece, made) in pieces.iter().enumerate() {
            let rows = made.places.iter().enumerate();
            order.extend(rows.map(|(row, place)| (*place, piece as u32, row as u32)));
        }
        order.sort_unstable();
        let rows: Vec<(u32, u32)> = order.iter().map(|entry| (entry.1, entry.2)).collect();
        let columns = (0..pieces[0].columns.len()).map(|at| {
            let columns: Vec<&Column> = pieces.iter().map(|piece| &piece.columns[at]).collect();
            Column::gather(&columns, &rows)
        });
        Self {
            columns: columns.collect(),
            times: rows
                .iter()
                .map(|row| pieces[row.0 as usize].times[row.1 as usize])
                .collect(),
            places: order.iter().map(|entry| entry.0).collect(),
        }
    }
}

impl Made {
    /// So many rows or more are handed on as they are.
    const ENOUGH: usize = 512;

    /// All rows of some pieces in order, in as many pieces as are worth while; what was determined at
    /// one time stays together.
    #[must_use]
    pub fn in_pieces(mut pieces: Vec<Self>) -> Vec<Self> {
        pieces.retain(|piece| !piece.places.is_empty());
        if !follow(&pieces) {
            return vec![Self::in_order(pieces)];
        }
        let mut groups: Vec<(usize, Vec<Self>)> = Vec::new();
        for piece in pieces {
            match groups.last_mut() {
                Some((rows, group))
                    if *rows < Self::ENOUGH || !group.last().is_none_or(|last| last.ends_before(&piece)) =>
                {
                    *rows += piece.places.len();
                    group.push(piece);
                }
                _ => groups.push((piece.places.len(), vec![piece])),
            }
        }
        groups.into_iter().map(|(_, group)| Self::joined(group)).collect()
    }

    /// Whether the first row of another is determined at another time than the last one here.
    fn ends_before(&self, next: &Self) -> bool {
        let when = |place: &Place| (place.end, place.time, place.rank);
        self.places.last().map(when) != next.places.first().map(when)
    }

    /// The pieces one after another.
    fn joined(mut pieces: Vec<Self>) -> Self {
        if pieces.len() == 1 {
            return pieces.swap_remove(0);
        }
        let columns = (0..pieces[0].columns.len()).map(|at| {
            let columns: Vec<&Column> = pieces.iter().map(|piece| &piece.columns[at]).collect();
            Column::concat(&columns)
        });
        let columns = columns.collect();
        let times: Vec<&[i64]> = pieces.iter().map(|piece| piece.times.as_slice()).collect();
        let places: Vec<&[Place]> = pieces.iter().map(|piece| piece.places.as_slice()).collect();
        Self {
            columns,
            times: times.concat(),
            places: places.concat(),
        }
    }
}

/// Whether the rows of the pieces are in order as they stand.
fn follow(pieces: &[Made]) -> bool {
    let mut places = pieces.iter().flat_map(|piece| &piece.places);
    let mut last = places.next();
    places.all(|place| last.replace(place).is_none_or(|last| last <= place))
}

/// How the input ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The time of the last record.
    pub last: i64,
}
