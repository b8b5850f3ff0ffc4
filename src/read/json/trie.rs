//! The paths that are wanted of a record, as a tree that is walked along with it.

use std::collections::HashMap;

use memchr::memmem::Finder;

use crate::data::value::FixedHasher;
use crate::data::{Path, PathSeg};

/// A wanted path, by its place among those of a [`Trie`].
pub(super) type Slot = u16;

/// Some paths, merged where they begin alike.
#[derive(Debug, Default)]
pub(super) struct Trie {
    pub(super) nodes: Vec<Node>,
    /// How many paths there are.
    pub(super) n_slots: usize,
    /// The node that the object `data` is walked with: the root without what only it has.
    pub(super) data: usize,
    /// Tells the tries of a program apart.
    pub(super) id: usize,
    /// Paths of which only the first that is there counts.
    pub(super) choice: Option<Choice>,
    /// All paths are keys of the record itself.
    pub(super) is_flat: bool,
    /// Where all paths are keys of the record itself, and few: what finds each edge's key in quotes.
    pub(super) keys: Option<Vec<Finder<'static>>>,
}

/// So many keys are searched for; more are met sooner on a walk over all members.
const FEW_KEYS: usize = 6;

/// Keys of the record itself of which the first that is there (and not null) counts, and nothing else
/// is asked of the others.
#[derive(Debug)]
pub(super) struct Choice {
    /// The slot of the first; the others follow.
    pub(super) slot: usize,
    /// Their edges in the root, in order of preference.
    pub(super) edges: Vec<u16>,
    /// Each finds its key in quotes.
    pub(super) finders: Vec<Finder<'static>>,
}

/// Where the paths stand after the same first segments.
#[derive(Clone, Debug, Default)]
pub(super) struct Node {
    pub(super) edges: Vec<Edge>,
    by_key: HashMap<Vec<u8>, u16, FixedHasher>,
    /// How many edges lead on or to a value: with them all found, nothing more is looked for.
    pub(super) needed: usize,
    /// Array elements, for a value that is an array.
    pub(super) items: Vec<Item>,
    /// The edge of `data`, in the root.
    pub(super) data: Option<u16>,
    /// The edge of `event_type`, in the root.
    pub(super) event_type: Option<u16>,
}

/// A member that is looked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Edge {
    pub(super) key: Vec<u8>,
    /// Paths that end here.
    pub(super) leaves: Vec<Slot>,
    /// Paths whose rest, flattened, is this key, each with the edge that must not be there for it.
    pub(super) flats: Vec<(Slot, u16)>,
    /// Where paths go on.
    pub(super) child: Option<usize>,
}

impl Edge {
    pub(super) fn is_needed(&self) -> bool {
        !self.leaves.is_empty() || self.child.is_some()
    }
}

/// An element that is looked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Item {
    /// Negative from the end.
    pub(super) index: i64,
    pub(super) leaves: Vec<Slot>,
    pub(super) child: Option<usize>,
}

impl Trie {
    /// The trie of these paths; slot `i` is path `i`. With `data`, what is not found in the record is
    /// looked for in its member `data`.
    pub(super) fn new<'a>(id: usize, paths: impl IntoIterator<Item = &'a Path>, data: bool) -> Self {
        let mut trie = Self {
            nodes: vec![Node::default()],
            n_slots: 0,
            data: 0,
            id,
            choice: None,
            is_flat: false,
            keys: None,
        };
        for path in paths {
            let slot = trie.n_slots as Slot;
            trie.insert(0, &path.0, slot);
            trie.n_slots += 1;
        }
        if data {
            trie.data = trie.nodes.len();
            trie.nodes.push(trie.nodes[0].clone());
            let root = &mut trie.nodes[0];
            root.data = Some(root.edge(b"data"));
            root.event_type = Some(root.edge(b"event_type"));
        }
        let wanted = |edge: &Edge| edge.is_needed();
        let plain = |edge: &Edge| edge.child.is_none() && edge.flats.is_empty();
        let root = &trie.nodes[0].edges;
        trie.is_flat = root.iter().all(plain);
        if trie.is_flat && root.iter().filter(|edge| wanted(edge)).count() <= FEW_KEYS {
            let finder = |edge: &Edge| {
                let quoted = [b"\"", &edge.key[..], b"\""].concat();
                Finder::new(&quoted).into_owned()
            };
            trie.keys = Some(root.iter().map(finder).collect());
        }
        for node in &mut trie.nodes {
            node.needed = node.edges.iter().filter(|edge| edge.is_needed()).count();
        }
        trie
    }

    /// Says that of the paths from `slot` on, which are keys, only the first that is there counts.
    /// Those that something else is asked of are looked for all the same.
    pub(super) fn choose(mut self, slot: usize, keys: &[Path]) -> Self {
        let root = &self.nodes[0];
        let edge = |path: &Path| match &path.0[..] {
            [PathSeg::Key(key)] => root.find(key.as_bytes()).map(|edge| (edge, key.clone())),
            _ => None,
        };
        let Some(found) = keys.iter().map(edge).collect::<Option<Vec<_>>>() else {
            return self;
        };
        if found.len() > 1 {
            self.choice = Some(Choice {
                slot,
                edges: found.iter().map(|(edge, _)| *edge).collect(),
                finders: found
                    .iter()
                    .map(|(_, key)| Finder::new(&format!("\"{key}\"")).into_owned())
                    .collect(),
            });
        }
        self
    }

    fn insert(&mut self, node: usize, path: &[PathSeg], slot: Slot) {
        let Some((first, rest)) = path.split_first() else {
            return;
        };
        let at = match first {
            PathSeg::Key(key) => usize::from(self.nodes[node].edge(key.as_bytes())),
            PathSeg::Index(index) => self.nodes[node].item(*index),
        };
        if rest.is_empty() {
            match first {
                PathSeg::Key(_) => self.nodes[node].edges[at].leaves.push(slot),
                PathSeg::Index(_) => self.nodes[node].items[at].leaves.push(slot),
            }
            return;
        }
        if let Some(flat) = Path(path.to_vec()).flattened(0) {
            let edge = self.nodes[node].edge(flat.as_bytes());
            self.nodes[node].edges[usize::from(edge)].flats.push((slot, at as u16));
        }
        let fresh = self.nodes.len();
        let child = match first {
            PathSeg::Key(_) => &mut self.nodes[node].edges[at].child,
            PathSeg::Index(_) => &mut self.nodes[node].items[at].child,
        };
        let child = *child.get_or_insert(fresh);
        if child == fresh {
            self.nodes.push(Node::default());
        }
        self.insert(child, rest, slot);
    }
}

impl Node {
    /// The edge of a key, as it reads without escapes.
    pub(super) fn find(&self, key: &[u8]) -> Option<u16> {
        const FEW: usize = 6;
        if self.edges.len() <= FEW {
            let at = self.edges.iter().position(|edge| edge.key == key)?;
            return Some(at as u16);
        }
        self.by_key.get(key).copied()
    }

    fn edge(&mut self, key: &[u8]) -> u16 {
        if let Some(at) = self.by_key.get(key) {
            return *at;
        }
        let at = self.edges.len() as u16;
        self.by_key.insert(key.to_vec(), at);
        self.edges.push(Edge {
            key: key.to_vec(),
            ..Edge::default()
        });
        at
    }

    fn item(&mut self, index: i64) -> usize {
        if let Some(at) = self.items.iter().position(|item| item.index == index) {
            return at;
        }
        self.items.push(Item {
            index,
            ..Item::default()
        });
        self.items.len() - 1
    }
}
