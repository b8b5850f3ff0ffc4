//! Where the fields of a plan lie among the columns of a file.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema};
use indexmap::IndexSet;

use crate::data::value::FixedHasher;
use crate::data::{FieldId, Path, PathSeg};
use crate::read::{DecodePlan, TypePlan};

/// Where a record's time and type may lie, in order of preference, if nothing is said.
const TIME_COLUMNS: [&str; 4] = ["timestamp", "ts", "@timestamp", "time"];
const TYPE_COLUMNS: [&str; 2] = ["event_type", "type"];

/// A column, or a member of a struct.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::read) struct Place {
    /// The column, by number.
    pub(super) column: usize,
    /// The members that lead into it.
    pub(super) inner: Vec<String>,
}

/// A field of the plan that the file has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Its place, as an index into [`Binding::places`].
    pub(super) place: usize,
    /// Where it lies in the values there: in lists and maps.
    pub(super) rest: Path,
}

/// One event type.
#[derive(Debug)]
pub(super) struct TypeBinding {
    /// None: of any type.
    pub(super) name: Option<Arc<str>>,
    ids: Vec<FieldId>,
    /// The fields of the plan, in its order.
    pub(super) fields: Vec<Option<Found>>,
    /// Where its time is looked for, in order.
    pub(super) times: Vec<Found>,
}

/// A plan, bound to a schema.
#[derive(Debug)]
pub(super) struct Binding {
    pub(super) places: IndexSet<Place, FixedHasher>,
    /// Where the type is looked for, in order.
    pub(super) type_fields: Vec<Found>,
    /// The types of the plan, then `other`.
    pub(super) types: Vec<TypeBinding>,
    /// Where the time of records is looked for that nobody reads.
    pub(super) stray: Vec<Found>,
    by_name: std::collections::HashMap<String, usize, FixedHasher>,
    other: Option<usize>,
}

impl TypeBinding {
    /// The index of a field in the plan.
    pub(super) fn index(&self, id: FieldId) -> Option<usize> {
        self.ids.iter().position(|known| *known == id)
    }
}

impl Binding {
    pub(super) fn new(plan: &DecodePlan, schema: &Schema) -> Self {
        let mut finder = Finder::new(schema);
        let type_paths = match &plan.type_field {
            Some(name) => vec![Path::dotted(name)],
            None => TYPE_COLUMNS.map(Path::key).into(),
        };
        let type_fields = type_paths
            .iter()
            .filter_map(|path| finder.find_in(path, false))
            .collect();
        let stray = finder.all(&time_paths(plan, None));
        let types = plan.types.iter().chain(&plan.other).enumerate();
        let types = types.map(|(at, of)| TypeBinding {
            name: (at < plan.types.len()).then(|| of.name.as_str().into()),
            ids: of.fields.iter().map(|field| field.id).collect(),
            fields: of.fields.iter().map(|field| finder.find(&field.path)).collect(),
            times: finder.all(&time_paths(plan, Some(of))),
        });
        let types = types.collect();
        let names = plan.types.iter().enumerate().rev();
        Self {
            types,
            places: finder.places,
            type_fields,
            stray,
            by_name: names.map(|(at, of)| (of.name.clone(), at)).collect(),
            other: plan.other.as_ref().map(|_| plan.types.len()),
        }
    }

    /// The index in `types` of the records with this type, if anybody reads them.
    pub(super) fn type_index(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied().or(self.other)
    }

    /// Where the time of a type's records is looked for; of none, of those that nobody reads.
    pub(super) fn times(&self, of: Option<usize>) -> &[Found] {
        of.map_or(&self.stray, |of| &self.types[of].times)
    }
}

/// Where the time of a record may lie, in order of preference.
fn time_paths(plan: &DecodePlan, of: Option<&TypePlan>) -> Vec<Path> {
    if let Some(name) = &plan.time_field {
        return vec![Path::dotted(name)];
    }
    let declared = of.and_then(|of| of.fields.iter().find(|field| Some(field.id) == of.time));
    match declared {
        Some(field) => vec![field.path.clone()],
        None => TIME_COLUMNS.map(Path::key).into(),
    }
}

struct Finder<'s> {
    fields: &'s Fields,
    /// The column `data` of the public engine's shape, and its members.
    data: Option<(usize, &'s Fields)>,
    places: IndexSet<Place, FixedHasher>,
}

impl<'s> Finder<'s> {
    fn new(schema: &'s Schema) -> Self {
        let fields = schema.fields();
        let data = named(fields, "event_type")
            .and_then(|_| named(fields, "data"))
            .and_then(|(at, field)| match field.data_type() {
                DataType::Struct(members) => Some((at, members)),
                _ => None,
            });
        Self {
            fields,
            data,
            places: IndexSet::default(),
        }
    }

    fn all(&mut self, paths: &[Path]) -> Vec<Found> {
        paths.iter().filter_map(|path| self.find(path)).collect()
    }

    fn find(&mut self, path: &Path) -> Option<Found> {
        self.find_in(path, true)
    }

    fn find_in(&mut self, path: &Path, data: bool) -> Option<Found> {
        let mut names = Vec::new();
        if let Some(at) = walk(self.fields, path, 0, &mut names) {
            let column = named(self.fields, names.first()?)?.0;
            return Some(self.place(column, names.split_off(1), path, at));
        }
        let (column, members) = self.data.filter(|_| data)?;
        names.clear();
        let at = walk(members, path, 0, &mut names)?;
        Some(self.place(column, names, path, at))
    }

    fn place(&mut self, column: usize, inner: Vec<String>, path: &Path, at: usize) -> Found {
        Found {
            place: self.places.insert_full(Place { column, inner }).0,
            rest: Path(path.0[at..].to_vec()),
        }
    }
}

/// Follows a path through structs from segment `at` on; the first segment that is not walked. None
/// when it leads nowhere.
fn walk(fields: &Fields, path: &Path, at: usize, names: &mut Vec<String>) -> Option<usize> {
    let PathSeg::Key(key) = path.0.get(at)? else {
        return None;
    };
    let Some((_, field)) = named(fields, key) else {
        let flat = path.flattened(at)?;
        named(fields, &flat)?;
        names.push(flat);
        return Some(path.0.len());
    };
    names.push(key.clone());
    match field.data_type() {
        _ if at + 1 == path.0.len() => Some(at + 1),
        DataType::Struct(members) => walk(members, path, at + 1, names),
        other => holds_values(other).then_some(at + 1),
    }
}

/// Whether there is anything inside a value of this type.
fn holds_values(ty: &DataType) -> bool {
    match ty {
        DataType::Dictionary(_, values) => holds_values(values),
        DataType::RunEndEncoded(_, values) => holds_values(values.data_type()),
        other => other.is_nested(),
    }
}

/// A field by its name; of equal names the first.
fn named<'f>(fields: &'f Fields, name: &str) -> Option<(usize, &'f FieldRef)> {
    fields.iter().enumerate().find(|(_, field)| Field::name(field) == name)
}
