//! Fields: the paths a program names, interned once for the whole program.

use std::fmt;

use super::Value;
use indexmap::IndexSet;

/// A path that the program reads, as an index into its [`FieldTable`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldId(pub u32);

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PathSeg {
    /// A member of an object.
    Key(String),
    /// An element of an array, negative from the end.
    Index(i64),
}

/// Where a field lies in a record. `a.b.c` walks nested objects and, where an object has no key
/// `a`, tries the flattened key `"a.b.c"` in it (at every level).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path(pub Vec<PathSeg>);

impl Path {
    /// The path of a top-level member. The name is one key, points and all.
    #[must_use]
    pub fn key(name: &str) -> Self {
        Self(vec![PathSeg::Key(name.to_owned())])
    }

    /// The path as written in a declaration's `from "a.b.c"`: points separate keys.
    #[must_use]
    pub fn dotted(text: &str) -> Self {
        Self(text.split('.').map(|key| PathSeg::Key(key.to_owned())).collect())
    }

    /// The flattened key of the path from segment `at` on: `a.b.c`, if it is made of keys only.
    #[must_use]
    pub fn flattened(&self, at: usize) -> Option<String> {
        let keys: Option<Vec<&str>> = self.0[at..]
            .iter()
            .map(|seg| match seg {
                PathSeg::Key(key) => Some(key.as_str()),
                PathSeg::Index(_) => None,
            })
            .collect();
        keys.map(|keys| keys.join("."))
    }

    /// What the path finds in a value; null when nothing is there.
    #[must_use]
    pub fn find(&self, value: &Value) -> Value {
        self.find_from(0, value)
    }

    /// What the rest of the path, from segment `at` on, finds in a value.
    #[must_use]
    pub fn find_from(&self, at: usize, value: &Value) -> Value {
        let Some(seg) = self.0.get(at) else {
            return value.clone();
        };
        match (seg, value) {
            (PathSeg::Key(key), Value::Map(map)) => match map.get(&super::Key(Value::str(key))) {
                Some(inner) => self.find_from(at + 1, inner),
                None => self
                    .flattened(at)
                    .and_then(|flat| map.get(&super::Key(Value::str(&flat))).cloned())
                    .unwrap_or_default(),
            },
            (PathSeg::Index(index), Value::List(items)) => {
                let len = items.len() as i64;
                let at_item = if *index < 0 { index + len } else { *index };
                usize::try_from(at_item)
                    .ok()
                    .and_then(|i| items.get(i))
                    .map_or(Value::Null, |item| self.find_from(at + 1, item))
            }
            _ => Value::Null,
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, seg) in self.0.iter().enumerate() {
            match seg {
                PathSeg::Key(key) if at == 0 => f.write_str(key)?,
                PathSeg::Key(key) => write!(f, ".{key}")?,
                PathSeg::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// All paths of a program, in the order in which they were met.
#[derive(Clone, Debug, Default)]
pub struct FieldTable {
    paths: IndexSet<Path>,
}

impl FieldTable {
    /// The id of a path.
    pub fn intern(&mut self, path: Path) -> FieldId {
        FieldId(u32::try_from(self.paths.insert_full(path).0).unwrap_or(u32::MAX))
    }

    /// The id of a path that is already there.
    #[must_use]
    pub fn get(&self, path: &Path) -> Option<FieldId> {
        self.paths.get_index_of(path).map(|at| FieldId(at as u32))
    }

    /// The path of an id.
    ///
    /// # Panics
    /// When the id is not of this table.
    #[must_use]
    pub fn path(&self, id: FieldId) -> &Path {
        &self.paths[id.0 as usize]
    }

    /// How many paths there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }
}
