//! Aggregation over all rows of a key: at the end of the input, or after every row.

use super::aggregate::{Emitted, Rows, Setting, Windows};
use super::groups::Groups;
use super::{Batch, Ending};
use crate::data::{Column, Place};

/// All rows of some keys.
#[derive(Debug)]
pub(super) struct Whole {
    setting: Setting,
    running: bool,
    groups: Groups,
}

impl Whole {
    pub(super) fn new(setting: &Setting, running: bool) -> Self {
        Self {
            setting: setting.clone(),
            running,
            groups: Groups::new(&setting.calls),
        }
    }

    /// Emits after a row.
    fn after(&self, batch: &Batch, row: usize, number: u32, out: &mut Emitted) {
        let rows = Rows {
            places: vec![batch.place(row)],
            times: vec![batch.times[row]],
            ..Rows::default()
        };
        let (keys, values): (Vec<Column>, Vec<Column>) = self.groups.emit(&[number], self.setting.keys, out);
        out.push(rows, keys, values);
    }
}

impl Windows for Whole {
    fn take(&mut self, batch: &Batch, rows: Option<&[u32]>, out: &mut Emitted) {
        if !self.running {
            self.groups.add(batch, rows);
            return;
        }
        let count = rows.map_or(batch.len(), <[u32]>::len);
        for at in 0..count {
            let row = rows.map_or(at, |rows| rows[at] as usize);
            self.groups.add(batch, Some(&[row as u32]));
            let number = self.groups.last();
            self.after(batch, row, number, out);
        }
    }

    fn advance(&mut self, _: Place, _: &mut Emitted) {}

    fn finish(&mut self, ending: Ending, out: &mut Emitted) {
        if self.running {
            return;
        }
        let n = self.groups.len();
        let numbers: Vec<u32> = (0..n as u32).collect();
        let places = self.groups.first.iter().map(|first| {
            let at = Place {
                time: ending.last,
                ..*first
            };
            at.at_end()
        });
        let rows = Rows {
            places: places.collect(),
            times: vec![ending.last; n],
            ..Rows::default()
        };
        let (keys, values) = self.groups.emit(&numbers, self.setting.keys, out);
        out.push(rows, keys, values);
    }

    fn bytes(&self) -> usize {
        self.groups.bytes()
    }
}
