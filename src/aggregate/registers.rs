//! `approx_count_distinct`: a HyperLogLog of 2^14 registers, about 0.8 % standard error.
//!
//! The estimate is that of Ertl, "New cardinality estimation algorithms for HyperLogLog sketches"
//! (2017), section 4, which needs no tables of corrections. A group with few values keeps a list of its
//! registers that are not 0.

use crate::data::{Column, Value};

use super::Groups;
use super::hash::hash;
use super::item::{Item, each};

const BITS: u32 = 14;
const REGISTERS: usize = 1 << BITS;
/// The highest value of a register: all other bits of the hash are zero.
const HIGHEST: usize = 64 - BITS as usize + 1;
/// A list of more registers becomes an array.
const LONGEST_LIST: usize = 1500;

/// The registers of a group.
#[derive(Clone, Debug)]
pub(super) enum Registers {
    /// `register << 8 | value` of those that are not 0, ascending.
    Few(Vec<u32>),
    /// The value of each.
    All(Box<[u8]>),
}

impl Default for Registers {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Registers {
    /// Adds a value.
    pub(super) fn add(&mut self, item: Item<'_>) {
        let hash = hash(item);
        let zeros = (hash << BITS | 1 << (BITS - 1)).leading_zeros();
        self.raise((hash >> (64 - BITS)) as u32, zeros as u8 + 1);
    }

    fn raise(&mut self, register: u32, value: u8) {
        match self {
            Self::All(values) => {
                let held = &mut values[register as usize];
                *held = value.max(*held);
            }
            Self::Few(list) => {
                let entry = register << 8 | u32::from(value);
                let at = list.partition_point(|known| known >> 8 < register);
                match list.get_mut(at).filter(|known| **known >> 8 == register) {
                    Some(known) => *known = entry.max(*known),
                    None => list.insert(at, entry),
                }
                if list.len() > LONGEST_LIST {
                    self.spread();
                }
            }
        }
    }

    fn spread(&mut self) {
        let mut values = vec![0; REGISTERS].into_boxed_slice();
        self.each(|register, value| values[register as usize] = value);
        *self = Self::All(values);
    }

    fn each(&self, mut f: impl FnMut(u32, u8)) {
        match self {
            Self::Few(list) => list.iter().for_each(|entry| f(entry >> 8, *entry as u8)),
            Self::All(values) => (0..)
                .zip(values)
                .filter(|(_, value)| **value > 0)
                .for_each(|(at, value)| f(at, *value)),
        }
    }

    fn merge(&mut self, other: &Self) {
        other.each(|register, value| self.raise(register, value));
    }

    /// About how many different values were added.
    pub(super) fn read(&self) -> Value {
        let mut counts = [0.0; HIGHEST + 1];
        counts[0] = REGISTERS as f64;
        self.each(|_, value| {
            counts[0] -= 1.0;
            counts[usize::from(value)] += 1.0;
        });
        let m = REGISTERS as f64;
        let mut z = m * tau(1.0 - counts[HIGHEST] / m);
        for count in counts[1..HIGHEST].iter().rev() {
            z = 0.5 * (z + count);
        }
        z += m * sigma(counts[0] / m);
        Value::Int((m * m / (2.0 * std::f64::consts::LN_2 * z)).round() as i64)
    }

    fn bytes(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Few(list) => list.capacity() * 4,
                Self::All(values) => values.len(),
            }
    }
}

/// `x + sum of x^(2^k) 2^(k-1)`
fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

/// `(1 - x - sum of (1 - x^(2^-k))^2 2^-k) / 3`
fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if z == before {
            return z / 3.0;
        }
    }
}

/// The registers of all groups.
#[derive(Clone, Debug, Default)]
pub(super) struct AllRegisters(Vec<Registers>);

impl AllRegisters {
    pub(super) fn grow(&mut self, groups: usize) {
        self.0.resize(groups, Registers::default());
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn update(&mut self, column: &Column, groups: Groups<'_>) {
        let look = |registers: &Registers| match registers {
            Registers::Few(list) => list.first().map_or(0, |entry| u64::from(*entry)),
            Registers::All(values) => values.len() as u64,
        };
        each(&mut self.0, look, column, groups, |registers, _, item| {
            registers.add(item)
        });
    }

    pub(super) fn merge(&mut self, group: usize, other: &Self, from: usize) {
        self.0[group].merge(&other.0[from]);
    }

    pub(super) fn read(&self, group: usize) -> Value {
        self.0[group].read()
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(Registers::bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_are_near() {
        let mut registers = Registers::default();
        let mut added = 0;
        for (n, off) in [
            (0, 0),
            (1, 0),
            (10, 0),
            (1000, 10),
            (2000, 40),
            (100_000, 2500),
            (1_000_000, 25_000),
        ] {
            (added..n).for_each(|x| registers.add(Item::Int(x)));
            added = n;
            let Value::Int(found) = registers.read() else {
                unreachable!("an int")
            };
            assert!((found - n).abs() <= off, "{found} of {n}");
        }
    }
}
