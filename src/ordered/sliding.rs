//! One group that slides row by row.

use std::collections::VecDeque;

use crate::aggregate::{Accumulators, CallErrors, Groups, Spec};
use crate::data::{Column, Value};

/// Rows come at the end and leave at the front.
#[derive(Debug)]
pub(super) struct Sliding {
    like: Accumulators,
    rows: VecDeque<(Vec<Vec<Value>>, i64)>,
}

impl Sliding {
    pub(super) fn new(specs: &[Spec]) -> Self {
        Self {
            like: Accumulators::new(specs),
            rows: VecDeque::new(),
        }
    }

    pub(super) fn push(&mut self, args: &[Vec<Column>], row: usize, time: i64) {
        let values = args
            .iter()
            .map(|args| args.iter().map(|column| column.value(row)).collect());
        self.rows.push_back((values.collect(), time));
    }

    pub(super) fn pop(&mut self) {
        self.rows.pop_front();
    }

    pub(super) fn read(&self, errors: &mut Vec<CallErrors>) -> Vec<Value> {
        let mut held = self.like.empty_like();
        held.grow(1);
        let calls = self.rows.front().map_or(0, |row| row.0.len());
        let args: Vec<Vec<Column>> = (0..calls)
            .map(|call| {
                (0..self.rows[0].0[call].len())
                    .map(|arg| Column::from_values(self.rows.iter().map(|row| row.0[call][arg].clone()).collect()))
                    .collect()
            })
            .collect();
        let times: Vec<i64> = self.rows.iter().map(|row| row.1).collect();
        held.update(&args, &times, None, Groups::One(0));
        held.read(&[0], errors).iter().map(|column| column.value(0)).collect()
    }

    pub(super) fn bytes(&self) -> usize {
        self.rows.capacity() * 64
    }
}
