//! Partition keys: equal when `==`, with all NaN one key and null a key of its own (LANGUAGE.md,
//! section 15, "Keys"); the form shown is the first in order.
//!
//! A key is bytes in which equal keys are equal: numbers by value, text as it is. A [`KeyTable`]
//! numbers the keys it meets; the numbers are dense, so that state stands in vectors. Cost: a hash
//! and a comparison of bytes a row; a key of one text or int column is never copied to be looked up.

use arrow::array::{Array, Int64Array, StringViewArray, StringViewBuilder, make_view};
use indexmap::IndexMap;
use rapidhash::v3::rapidhash_v3;

use crate::data::value::FixedHasher;
use crate::data::{Column, Value};

const NULL: u8 = 0;
const BOOL: u8 = 1;
const INT: u8 = 2;
const FLOAT: u8 = 3;
const STR: u8 = 4;
const TIMESTAMP: u8 = 5;
const DURATION: u8 = 6;
const LIST: u8 = 7;
const MAP: u8 = 8;
/// Several columns, one after another.
const SEVERAL: u8 = 9;

/// The keys of rows: columns, and a hash for each row.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    columns: Vec<Column>,
    hashes: Vec<u64>,
}

impl Keys {
    /// The keys of `len` rows. No columns: all rows have the one empty key.
    #[must_use]
    pub fn new(columns: Vec<Column>, len: usize) -> Self {
        if columns.is_empty() {
            return Self::default();
        }
        let reader = Reader::of(&columns);
        let mut scratch = Vec::new();
        let hashes = (0..len).map(|row| reader.with(row, &mut scratch, hash));
        let hashes = hashes.collect();
        Self { columns, hashes }
    }

    /// The columns.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Whether all rows have the one empty key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The hash of a row's key.
    #[must_use]
    pub fn hash(&self, row: usize) -> u64 {
        self.hashes.get(row).copied().unwrap_or(0)
    }

    /// Rows `(keys, row)` of several.
    #[must_use]
    pub fn gather(of: &[&Self], rows: &[(u32, u32)]) -> Self {
        let count = of.first().map_or(0, |keys| keys.columns.len());
        let columns = (0..count).map(|at| {
            let columns: Vec<&Column> = of.iter().map(|keys| &keys.columns[at]).collect();
            Column::gather(&columns, rows)
        });
        let hashes = rows.iter().map(|&(at, row)| of[at as usize].hash(row as usize));
        Self {
            columns: columns.collect(),
            hashes: if count == 0 { Vec::new() } else { hashes.collect() },
        }
    }
}

/// The hash of a key; the top bits place it in a shard, the low ones in a table.
fn hash(tag: u8, bytes: &[u8]) -> u64 {
    // Integers and texts are spread alike; the tag keeps `"1"` and `1` apart.
    rapidhash_v3(bytes) ^ u64::from(tag).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Reads the keys of rows as a tag and bytes.
enum Reader<'a> {
    Str(&'a StringViewArray),
    Int(&'a Int64Array),
    One(&'a Column),
    Several(&'a [Column]),
}

impl<'a> Reader<'a> {
    fn of(columns: &'a [Column]) -> Self {
        match columns {
            [Column::Str(array)] => Self::Str(array),
            [Column::Int(array)] => Self::Int(array),
            [one] => Self::One(one),
            several => Self::Several(several),
        }
    }

    /// The view of a short text.
    #[inline]
    fn short(&self, row: usize) -> Option<u128> {
        match self {
            Self::Str(array) if array.is_valid(row) => Some(array.views()[row]).filter(|view| *view as u32 <= SHORT),
            _ => None,
        }
    }

    fn with<R>(&self, row: usize, scratch: &mut Vec<u8>, f: impl FnOnce(u8, &[u8]) -> R) -> R {
        match self {
            Self::Str(array) if array.is_valid(row) => f(STR, array.value(row).as_bytes()),
            Self::Int(array) if array.is_valid(row) => f(INT, &array.value(row).to_le_bytes()),
            Self::Str(_) | Self::Int(_) => f(NULL, &[]),
            Self::One(column) => {
                scratch.clear();
                let tag = encode(&column.value(row), scratch);
                f(tag, scratch)
            }
            Self::Several(columns) => {
                scratch.clear();
                columns
                    .iter()
                    .for_each(|column| encode_framed(&column.value(row), scratch));
                f(SEVERAL, scratch)
            }
        }
    }
}

/// Appends a value's bytes; equal values have equal tags and bytes.
fn encode(value: &Value, out: &mut Vec<u8>) -> u8 {
    match value {
        Value::Null => NULL,
        Value::Bool(b) => {
            out.push(u8::from(*b));
            BOOL
        }
        Value::Int(i) => {
            out.extend_from_slice(&i.to_le_bytes());
            INT
        }
        Value::Float(f) => match int_of(*f) {
            Some(i) => {
                out.extend_from_slice(&i.to_le_bytes());
                INT
            }
            None => {
                let bits = if f.is_nan() { f64::NAN } else { *f };
                out.extend_from_slice(&bits.to_bits().to_le_bytes());
                FLOAT
            }
        },
        Value::Str(text) => {
            out.extend_from_slice(text.as_bytes());
            STR
        }
        Value::Timestamp(ns) => {
            out.extend_from_slice(&ns.to_le_bytes());
            TIMESTAMP
        }
        Value::Duration(ns) => {
            out.extend_from_slice(&ns.to_le_bytes());
            DURATION
        }
        Value::List(items) => {
            items.iter().for_each(|item| encode_framed(item, out));
            LIST
        }
        Value::Map(entries) => {
            // Equal maps may differ in order.
            let mut parts: Vec<Vec<u8>> = entries
                .iter()
                .map(|(key, value)| {
                    let mut part = Vec::new();
                    encode_framed(&key.0, &mut part);
                    encode_framed(value, &mut part);
                    part
                })
                .collect();
            parts.sort_unstable();
            parts.iter().for_each(|part| out.extend_from_slice(part));
            MAP
        }
    }
}

/// The same with tag and length, so that values can follow each other.
fn encode_framed(value: &Value, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; 5]);
    let tag = encode(value, out);
    let len = u32::try_from(out.len() - start - 5).unwrap_or(u32::MAX);
    out[start] = tag;
    out[start + 1..start + 5].copy_from_slice(&len.to_le_bytes());
}

/// The int that a float equals.
fn int_of(f: f64) -> Option<i64> {
    let int = f as i64;
    crate::data::value::int_equals_float(int, f).then_some(int)
}

/// Whether the bytes tell the form in which a value was first met.
fn plain(value: &Value) -> bool {
    match value {
        Value::Float(f) => int_of(*f).is_none(),
        Value::List(_) | Value::Map(_) => false,
        _ => true,
    }
}

fn decode(tag: u8, bytes: &[u8]) -> Value {
    let word = || bytes.try_into().map_or(0, i64::from_le_bytes);
    match tag {
        BOOL => Value::Bool(bytes == [1]),
        INT => Value::Int(word()),
        FLOAT => Value::Float(f64::from_bits(word().cast_unsigned())),
        STR => Value::str(std::str::from_utf8(bytes).unwrap_or_default()),
        TIMESTAMP => Value::Timestamp(word()),
        DURATION => Value::Duration(word()),
        _ => Value::Null,
    }
}

/// Numbers keys from 0 in order of their first appearance.
#[derive(Clone, Debug, Default)]
pub struct KeyTable {
    /// Open addressing: the upper half of the hash and the number plus one; 0 is free.
    cells: Vec<u64>,
    hashes: Vec<u64>,
    tags: Vec<u8>,
    /// Where the bytes of each key end in `arena`.
    ends: Vec<usize>,
    arena: Vec<u8>,
    /// Of each key that is a short text the view of it, in which all of it stands; else [`NOT_SHORT`].
    views: Vec<u128>,
    /// Keys whose first form their bytes do not tell.
    odd: IndexMap<u32, Vec<Value>, FixedHasher>,
}

/// No view: its length would be too long for a short text.
const NOT_SHORT: u128 = u128::MAX;
/// The longest text that stands in its view.
const SHORT: u32 = 12;

const UPPER: u64 = !0xffff_ffff;

impl KeyTable {
    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Whether the only key is the empty one.
    #[must_use]
    pub fn is_one_empty(&self) -> bool {
        self.len() == 1 && self.tags[0] == SEVERAL && self.arena.is_empty()
    }

    /// Forgets all keys, and keeps the memory.
    pub fn clear(&mut self) {
        self.cells.fill(0);
        self.hashes.clear();
        self.tags.clear();
        self.ends.clear();
        self.arena.clear();
        self.views.clear();
        self.odd.clear();
    }

    /// Becomes what another table is, and keeps the memory.
    pub fn copy_from(&mut self, other: &Self) {
        self.cells.clone_from(&other.cells);
        self.hashes.clone_from(&other.hashes);
        self.tags.clone_from(&other.tags);
        self.ends.clone_from(&other.ends);
        self.arena.clone_from(&other.arena);
        self.views.clone_from(&other.views);
        self.odd.clone_from(&other.odd);
    }

    /// About how many bytes of memory are held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.cells.capacity() * 8 + self.hashes.capacity() * 33 + self.arena.capacity()
    }

    /// Appends the number of each row's key; keys not met before are added, and their rows reported.
    pub fn number(
        &mut self,
        keys: &Keys,
        rows: impl Iterator<Item = usize>,
        numbers: &mut Vec<u32>,
        mut added: impl FnMut(usize),
    ) {
        if keys.is_empty() {
            for row in rows {
                if self.is_empty() {
                    self.add(0, SEVERAL, &[]);
                    added(row);
                }
                numbers.push(0);
            }
            return;
        }
        let reader = Reader::of(&keys.columns);
        let mut scratch = Vec::new();
        for row in rows {
            let hash = keys.hashes[row];
            if let Some(number) = reader.short(row).and_then(|view| self.find_short(hash, view)) {
                numbers.push(number);
                continue;
            }
            let before = self.len();
            let number = reader.with(row, &mut scratch, |tag, bytes| self.find_or_add(hash, tag, bytes));
            if self.len() > before {
                if !keys
                    .columns
                    .iter()
                    .all(|column| simple(column) || plain(&column.value(row)))
                {
                    let values = keys.columns.iter().map(|column| column.value(row)).collect();
                    self.odd.insert(number, values);
                }
                added(row);
            }
            numbers.push(number);
        }
    }

    /// For each of the first `len` rows the number of its key, if it is here.
    #[must_use]
    pub fn find_each(&self, keys: &Keys, len: usize) -> Vec<Option<u32>> {
        let reader = Reader::of(&keys.columns);
        let mut scratch = Vec::new();
        let mut find = |row: usize| {
            reader.with(row, &mut scratch, |tag, bytes| {
                self.find(keys.hash(row), tag, bytes).ok()
            })
        };
        (0..len).map(&mut find).collect()
    }

    /// The number of a key of another table, added if need be.
    pub fn number_of(&mut self, other: &Self, number: u32) -> u32 {
        let before = self.len();
        let found = self.find_or_add(
            other.hashes[number as usize],
            other.tags[number as usize],
            other.key(number),
        );
        if self.len() > before
            && let Some(values) = other.odd.get(&number)
        {
            self.odd.insert(found, values.clone());
        }
        found
    }

    /// The number of a key of another table, if it is here too.
    #[must_use]
    pub fn find_of(&self, other: &Self, number: u32) -> Option<u32> {
        self.find(
            other.hashes[number as usize],
            other.tags[number as usize],
            other.key(number),
        )
        .ok()
    }

    fn key(&self, number: u32) -> &[u8] {
        let at = number as usize;
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.arena[start..self.ends[at]]
    }

    /// The number of a key, or the free cell where it belongs.
    fn find(&self, hash: u64, tag: u8, bytes: &[u8]) -> Result<u32, usize> {
        let mask = self.cells.len().wrapping_sub(1);
        if self.cells.is_empty() {
            return Err(0);
        }
        let mut at = hash as usize & mask;
        loop {
            let cell = self.cells[at];
            if cell == 0 {
                return Err(at);
            }
            if cell & UPPER == hash & UPPER {
                let number = (cell & !UPPER) as u32 - 1;
                if self.tags[number as usize] == tag && self.key(number) == bytes {
                    return Ok(number);
                }
            }
            at = (at + 1) & mask;
        }
    }

    /// The number of a key that is a short text, if it is here.
    #[inline]
    fn find_short(&self, hash: u64, view: u128) -> Option<u32> {
        let mask = self.cells.len().checked_sub(1)?;
        let mut at = hash as usize & mask;
        loop {
            let cell = self.cells[at];
            if cell == 0 {
                return None;
            }
            let number = (cell & !UPPER) as u32 - 1;
            if cell & UPPER == hash & UPPER && self.views[number as usize] == view {
                return Some(number);
            }
            at = (at + 1) & mask;
        }
    }

    fn find_or_add(&mut self, hash: u64, tag: u8, bytes: &[u8]) -> u32 {
        match self.find(hash, tag, bytes) {
            Ok(number) => number,
            Err(_) => self.add(hash, tag, bytes),
        }
    }

    fn add(&mut self, hash: u64, tag: u8, bytes: &[u8]) -> u32 {
        if (self.len() + 1) * 2 > self.cells.len() {
            self.grow();
        }
        let number = self.len() as u32;
        self.place(hash, number);
        self.hashes.push(hash);
        self.tags.push(tag);
        self.arena.extend_from_slice(bytes);
        let short = tag == STR && bytes.len() <= SHORT as usize;
        self.views.push(if short { make_view(bytes, 0, 0) } else { NOT_SHORT });
        self.ends.push(self.arena.len());
        number
    }

    fn place(&mut self, hash: u64, number: u32) {
        let mask = self.cells.len() - 1;
        let mut at = hash as usize & mask;
        while self.cells[at] != 0 {
            at = (at + 1) & mask;
        }
        self.cells[at] = hash & UPPER | u64::from(number + 1);
    }

    fn grow(&mut self) {
        self.cells = vec![0; (self.cells.len() * 2).max(16)];
        for number in 0..self.len() {
            self.place(self.hashes[number], number as u32);
        }
    }

    /// The values of a key, in their first form.
    fn values(&self, number: u32, count: usize) -> Vec<Value> {
        if let Some(values) = self.odd.get(&number) {
            return values.clone();
        }
        let (tag, bytes) = (self.tags[number as usize], self.key(number));
        if tag != SEVERAL {
            return vec![decode(tag, bytes)];
        }
        let mut values = Vec::with_capacity(count);
        let mut at = 0;
        while let Some((head, rest)) = bytes[at..].split_at_checked(5) {
            let len = u32::from_le_bytes([head[1], head[2], head[3], head[4]]) as usize;
            values.push(decode(head[0], &rest[..len.min(rest.len())]));
            at += 5 + len;
        }
        values
    }

    /// The keys of these numbers as columns; `count` is how many columns a key has.
    #[must_use]
    pub fn columns(&self, numbers: &[u32], count: usize) -> Vec<Column> {
        if count == 1 && self.odd.is_empty() && numbers.iter().all(|&number| self.tags[number as usize] == STR) {
            let mut made = StringViewBuilder::with_capacity(numbers.len());
            for &number in numbers {
                made.append_value(std::str::from_utf8(self.key(number)).unwrap_or_default());
            }
            return vec![Column::Str(made.finish())];
        }
        let rows: Vec<Vec<Value>> = numbers.iter().map(|&number| self.values(number, count)).collect();
        let column = |at: usize| {
            rows.iter()
                .map(|row| row.get(at).cloned().unwrap_or_default())
                .collect()
        };
        (0..count).map(|at| Column::from_values(column(at))).collect()
    }
}

/// Whether every value of a column is told by its bytes.
fn simple(column: &Column) -> bool {
    !matches!(column, Column::Float(_) | Column::Any(_) | Column::Const(..))
}
