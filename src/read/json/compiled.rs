//! A decode plan, prepared for this format.

use std::collections::HashMap;
use std::sync::Arc;

use memchr::memmem::Finder;

use super::trie::{Slot, Trie};
use crate::data::value::FixedHasher;
use crate::data::{FieldId, Path};
use crate::read::{DecodePlan, FieldPlan, TypePlan};

/// Where a record's time may lie, in order of preference, if nothing is said.
const TIME_KEYS: [&str; 4] = ["timestamp", "ts", "@timestamp", "time"];

/// The type of records that name none.
const UNTYPED: &str = "Event";

/// A decode plan, prepared.
#[derive(Debug)]
pub(super) struct Compiled {
    pub(super) plan: Arc<DecodePlan>,
    /// Where the type may lie: each a trie of one slot, in order of preference.
    pub(super) type_keys: Vec<TypeKey>,
    /// The types of the plan, then `other`.
    pub(super) types: Vec<TypeFields>,
    by_name: HashMap<Vec<u8>, usize, FixedHasher>,
    /// The times of records that nobody reads.
    pub(super) stray: Trie,
    /// Times are found out while records are looked for.
    pub(super) eager_times: bool,
    /// The lines worth looking at.
    pub(super) prefilter: Option<super::prefilter::Prefilter>,
    n_tries: usize,
}

/// A path at which a record's type may lie.
#[derive(Debug)]
pub(super) struct TypeKey {
    pub(super) trie: Trie,
    /// Finds its last key in quotes: where that does not occur, nor an escape, the path leads nowhere.
    pub(super) quoted: Finder<'static>,
    pub(super) flat: bool,
}

/// What is read of one event type.
#[derive(Debug)]
pub(super) struct TypeFields {
    pub(super) plan: TypePlan,
    /// Found at once in every record.
    pub(super) first: Trie,
    /// Found in the records of which somebody asks for one of them.
    pub(super) rest: Trie,
    /// Only the times.
    pub(super) time: Trie,
    /// Where a field is found: in `rest` or in `first`, and its slot.
    pub(super) places: HashMap<FieldId, Place, FixedHasher>,
    /// With eager times, the slots in `first` of the fields whose columns are read along with the records,
    /// by field; none: it is read later.
    pub(super) eager: Vec<Option<Slot>>,
    /// The fields that every record is checked for, with their slots in `first`.
    pub(super) declared: Vec<(usize, Slot)>,
    /// The slots of the times: in `first` if they are eager, else in `rest`. In `time` they count from 0.
    pub(super) times: std::ops::Range<usize>,
    /// How many of the first slots of `first` are kept of each record: times are read at once.
    pub(super) n_kept: usize,
}

/// Where a field is found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Its index in the type's plan.
    pub(super) field: usize,
    pub(super) at_once: bool,
    pub(super) slot: Slot,
}

impl Compiled {
    pub(super) fn new(plan: &Arc<DecodePlan>) -> Self {
        let eager_times = plan.time_of_all || plan.from.is_some() || plan.to.is_some();
        let mut ids = 0..;
        let mut id = || ids.next().unwrap_or_default();
        let type_keys = match &plan.type_field {
            Some(name) => vec![TypeKey::new(id(), Path::dotted(name))],
            None => ["event_type", "type"]
                .map(|name| TypeKey::new(id(), Path::key(name)))
                .into(),
        };
        let types = plan.types.iter().chain(&plan.other);
        let types: Vec<TypeFields> = types
            .map(|of| TypeFields::new(of, plan, eager_times, &mut id))
            .collect();
        let by_name = plan
            .types
            .iter()
            .enumerate()
            .rev()
            .map(|(at, of)| (of.name.as_bytes().to_vec(), at))
            .collect();
        Self {
            type_keys,
            types,
            by_name,
            stray: Trie::new(id(), &time_paths(plan, None), true).choose(0, &time_paths(plan, None)),
            eager_times,
            prefilter: super::prefilter::Prefilter::new(plan),
            n_tries: id(),
            plan: Arc::clone(plan),
        }
    }

    /// The index in `types` of the records with this type, if anybody reads them.
    pub(super) fn type_index(&self, name: &[u8]) -> Option<usize> {
        const FEW: usize = 4;
        let other = || self.plan.other.as_ref().map(|_| self.plan.types.len());
        if self.plan.types.len() <= FEW {
            let known = self.plan.types.iter().position(|of| of.name.as_bytes() == name);
            return known.or_else(other);
        }
        self.by_name.get(name).copied().or_else(other)
    }

    /// The same of records without a type.
    pub(super) fn untyped(&self) -> Option<usize> {
        self.type_index(UNTYPED.as_bytes())
    }

    /// The name of records without a type.
    pub(super) fn untyped_name() -> &'static str {
        UNTYPED
    }

    /// All tries, in order of their ids but for `stray`, which is last.
    pub(super) fn tries(&self) -> impl Iterator<Item = &Trie> {
        let of_types = self.types.iter().flat_map(|of| [&of.first, &of.rest, &of.time]);
        let keys = self.type_keys.iter().map(|key| &key.trie);
        debug_assert!(self.stray.id < self.n_tries);
        keys.chain(of_types).chain([&self.stray])
    }
}

impl TypeKey {
    fn new(id: usize, path: Path) -> Self {
        let last = match path.0.last() {
            Some(crate::data::PathSeg::Key(key)) => key.clone(),
            _ => String::new(),
        };
        Self {
            quoted: Finder::new(&format!("\"{last}\"")).into_owned(),
            flat: path.0.len() == 1,
            trie: Trie::new(id, [&path], false),
        }
    }
}

impl TypeFields {
    fn new(of: &TypePlan, plan: &DecodePlan, eager_times: bool, id: &mut impl FnMut() -> usize) -> Self {
        // Without a filter that comes first, everything is read of every record.
        let all = !of.fields.iter().any(|field| field.first);
        let at_once = |field: &FieldPlan| all || field.first || field.declared;
        let mut places: HashMap<FieldId, Place, FixedHasher> = HashMap::default();
        let (mut first, mut rest): (Vec<&Path>, Vec<&Path>) = Default::default();
        let mut declared = Vec::new();
        for (nth, field) in of.fields.iter().enumerate() {
            let paths = if at_once(field) { &mut first } else { &mut rest };
            let slot = paths.len() as Slot;
            paths.push(&field.path);
            let place = Place {
                field: nth,
                at_once: at_once(field),
                slot,
            };
            places.entry(field.id).or_insert(place);
            if field.declared {
                declared.push((nth, slot));
            }
        }
        let eager = |field: &FieldPlan| {
            let place = places.get(&field.id).filter(|place| eager_times && place.at_once)?;
            Some(place.slot)
        };
        let eager = of.fields.iter().map(eager).collect();
        let time = time_paths(plan, Some(of));
        let with_times = if eager_times { &mut first } else { &mut rest };
        let from = with_times.len();
        with_times.extend(&time);
        let times = from..with_times.len();
        let (first, rest) = (Trie::new(id(), first, true), Trie::new(id(), rest, true));
        let (first, rest) = if eager_times {
            (first.choose(from, &time), rest)
        } else {
            (first, rest.choose(from, &time))
        };
        Self {
            n_kept: if eager_times { times.start } else { first.n_slots },
            first,
            rest,
            time: Trie::new(id(), &time, true).choose(0, &time),
            plan: of.clone(),
            places,
            eager,
            declared,
            times,
        }
    }
}

/// Where the time of a record may lie, in order of preference.
pub(super) fn time_paths(plan: &DecodePlan, of: Option<&TypePlan>) -> Vec<Path> {
    if let Some(name) = &plan.time_field {
        return vec![Path::dotted(name)];
    }
    let declared = of.and_then(|of| {
        let id = of.time?;
        of.fields.iter().find(|field| field.id == id)
    });
    match declared {
        Some(field) => vec![field.path.clone()],
        None => TIME_KEYS.map(Path::key).into(),
    }
}
