//! What is known of the rows at a place of a stream: their fields and the names they go by.

use std::rc::Rc;

use super::context::Cx;
use super::types::{join, optional};
use crate::data::Type;
use crate::diag::Span;
use crate::ir::EventId;

/// The rows at one place of a stream.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The kinds of row that may come; several after a `merge`.
    pub parts: Vec<Part>,
    /// `as alias`, and where it stands.
    pub aliases: Vec<(String, Span)>,
    /// The name of the event or stream read: stands for the row where no field has the name.
    pub source: Option<String>,
    /// The keys of the partition in force.
    pub keys: Keys,
    /// Whether an aggregation made the rows, which then have a revision: 0 where they have no field of
    /// this name.
    pub aggregated: bool,
    /// What a condition of a pattern's step sees of the run besides its own event.
    pub bound: Option<Rc<Matched>>,
}

/// The keys of the partition in force, for `_partition`.
#[derive(Clone, Debug)]
pub(super) enum Keys {
    /// There is no partition.
    None,
    /// They are these expressions over the row.
    Here(Rc<Vec<crate::syntax::ast::Expr>>),
    /// The row has changed since they were computed.
    Gone,
}

/// One kind of row.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// Records of a declared event.
    Event(EventId),
    /// Records or rows of which nothing is known.
    Open,
    /// Rows with exactly these fields.
    Columns(Rc<Vec<Column>>),
    /// Rows of a join: a record of each input, by its name.
    Joined(Rc<Vec<Side>>),
    /// Matches of a pattern: a record, or a list of records, of each alias.
    Matched(Rc<Matched>),
    /// Rows to which an operator has added fields.
    With(Box<Part>, Rc<Vec<Column>>),
}

/// What can be read of a match, or of a run on its way.
#[derive(Clone, Debug)]
pub(super) struct Matched {
    /// The aliases, in order of the text.
    pub sides: Vec<Side>,
    /// The keys of the partition.
    pub keys: Vec<Column>,
    /// The number of the pattern's stream.
    pub stream: usize,
}

impl Matched {
    /// An alias.
    pub(super) fn side(&self, name: &str) -> Option<&Side> {
        self.sides.iter().find(|side| side.name == name)
    }

    fn find(&self, cx: &Cx<'_>, name: &str) -> Found {
        if let Some(side) = self.side(name) {
            return Found::Yes(side.ty(cx));
        }
        if let Some(key) = self.keys.iter().find(|key| key.name == name) {
            return Found::Yes(key.ty.clone());
        }
        match_field(name).map_or(Found::No, Found::Yes)
    }
}

/// `match_start` and its kin.
pub(super) fn match_field(name: &str) -> Option<Type> {
    match name {
        "match_start" | "match_end" => Some(Type::Timestamp),
        "match_duration" => Some(Type::Duration),
        _ => None,
    }
}

/// One input of a join in the rows that the join makes, or an alias of a pattern in its matches.
#[derive(Clone, Debug)]
pub(super) struct Side {
    /// Its name.
    pub name: String,
    /// Its own rows.
    pub row: Row,
    /// Whether it may be missing: the outer side of an outer join, an alias that need not be bound.
    pub optional: bool,
    /// Whether it stands for a list of such rows: an alias of a repetition.
    pub list: bool,
    /// How many of them every match has.
    pub least: u64,
}

impl Side {
    /// The type of its record in the joined row. Records of joins of joins are not spelled out: their
    /// types would double with every level.
    pub(super) fn ty(&self, cx: &Cx<'_>) -> Type {
        let record = if self.row.sides().is_some() || self.row.matched().is_some() {
            Type::Map(Box::new(Type::Str), Box::default())
        } else {
            self.row.ty(cx)
        };
        if self.list {
            return Type::List(Box::new(record));
        }
        self.or_null(record)
    }

    /// Its type in a whole row: of events that may hold more than is known, anything.
    fn shown(&self, cx: &Cx<'_>) -> Type {
        if self.list || self.row.columns(cx).is_none() {
            return Type::Any;
        }
        self.ty(cx)
    }

    /// A type as it is where the side may be missing.
    pub(super) fn or_null(&self, ty: Type) -> Type {
        if self.optional { optional(ty) } else { ty }
    }
}

/// A field of a projected row.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub name: String,
    pub ty: Type,
}

/// What looking for a field gave.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Found {
    /// It is there, and of this type.
    Yes(Type),
    /// It may be there.
    Maybe,
    /// It is not.
    No,
}

impl Row {
    /// Rows of one kind without names.
    pub(super) fn of(part: Part) -> Self {
        Self {
            parts: vec![part],
            aliases: Vec::new(),
            source: None,
            keys: Keys::None,
            aggregated: false,
            bound: None,
        }
    }

    /// Rows of which nothing is known.
    pub(super) fn open() -> Self {
        Self::of(Part::Open)
    }

    /// The same names over rows of exactly these fields.
    pub(super) fn project(&mut self, columns: Vec<Column>) {
        self.parts = vec![Part::Columns(Rc::new(columns))];
        self.aggregated = false;
        self.lose_keys();
    }

    /// The same names over rows of which nothing is known.
    pub(super) fn forget(&mut self) {
        self.parts = vec![Part::Open];
        self.aggregated = false;
        self.lose_keys();
    }

    fn lose_keys(&mut self) {
        if matches!(self.keys, Keys::Here(_)) {
            self.keys = Keys::Gone;
        }
    }

    /// Looks for a field.
    pub(super) fn find(&self, cx: &Cx<'_>, name: &str) -> Found {
        let mut found: Option<Type> = None;
        let (mut missing, mut open) = (false, false);
        for part in &self.parts {
            match part.find(cx, name) {
                Found::Yes(ty) => found = Some(found.map_or(ty.clone(), |before| join(&before, &ty))),
                Found::Maybe => open = true,
                Found::No => missing = true,
            }
        }
        match found {
            _ if open => Found::Maybe,
            Some(ty) if missing => Found::Yes(optional(ty)),
            Some(ty) => Found::Yes(ty),
            None => Found::No,
        }
    }

    /// Adds fields to the rows; one that has the name of another takes its place.
    pub(super) fn add(&mut self, columns: &[Column]) {
        for part in &mut self.parts {
            let inner = std::mem::replace(part, Part::Open);
            *part = inner.with(columns);
        }
    }

    /// Whether the rows may be projected ones, whose fields are values and not paths into a record.
    pub(super) fn is_projected(&self) -> bool {
        self.parts.iter().any(|part| matches!(part.base(), Part::Columns(_)))
    }

    /// Whether a field may be a value that was computed, and not a part of a record.
    pub(super) fn is_value(&self, name: &str) -> bool {
        self.parts.iter().any(|part| part.is_value(name))
    }

    /// The inputs of the join whose rows these are, if all are.
    pub(super) fn sides(&self) -> Option<Rc<Vec<Side>>> {
        let joined = |part: &'_ Part| match part.base() {
            Part::Joined(sides) => Some(sides.clone()),
            _ => None,
        };
        let first = joined(self.parts.first()?)?;
        let same = |part| joined(part).is_some_and(|sides| Rc::ptr_eq(&sides, &first));
        self.parts.iter().all(same).then_some(first)
    }

    /// The match whose rows these are, if all are of one pattern.
    pub(super) fn matched(&self) -> Option<Rc<Matched>> {
        let matched = |part: &'_ Part| match part.base() {
            Part::Matched(matched) => Some(matched.clone()),
            _ => None,
        };
        let first = matched(self.parts.first()?)?;
        let same = |part| matched(part).is_some_and(|other| Rc::ptr_eq(&other, &first));
        self.parts.iter().all(same).then_some(first)
    }

    /// The record that a name stands for: of an input of a join, of an alias of a pattern.
    pub(super) fn side(&self, name: &str) -> Option<Side> {
        let find = |sides: &[Side]| sides.iter().find(|side| side.name == name).cloned();
        if let Some(sides) = self.sides() {
            return find(&sides);
        }
        find(&self.matched()?.sides)
    }

    /// The declared event, if all rows are of one.
    pub(super) fn event(&self) -> Option<EventId> {
        match self.parts.as_slice() {
            [part] => match part.base() {
                Part::Event(id) => Some(*id),
                _ => None,
            },
            _ => None,
        }
    }

    /// The names of all known fields.
    pub(super) fn names<'r>(&'r self, cx: &'r Cx<'_>) -> Vec<&'r str> {
        let mut names = Vec::new();
        self.parts.iter().for_each(|part| part.names(cx, &mut names));
        names
    }

    /// The names and types of the fields, where they are all known, for typed outputs: rows of the
    /// same fields, computed or joined. Whole events may hold more than their declaration names.
    pub(super) fn columns(&self, cx: &Cx<'_>) -> Option<Vec<(String, Type)>> {
        let mut kinds = self.parts.iter().map(|part| part.columns(cx));
        let mut columns = kinds.next()??;
        for other in kinds {
            let other = other?;
            let same = |(a, b): (&(String, Type), &(String, Type))| a.0 == b.0;
            if other.len() != columns.len() || !columns.iter().zip(&other).all(same) {
                return None;
            }
            for (column, (_, ty)) in columns.iter_mut().zip(&other) {
                column.1 = join(&column.1, ty);
            }
        }
        Some(columns)
    }

    /// The type of the row as a record.
    pub(super) fn ty(&self, cx: &Cx<'_>) -> Type {
        let any = Type::Map(Box::new(Type::Str), Box::new(Type::Any));
        match self.parts.as_slice() {
            [part] => part.fields(cx).map_or(any, Type::Record),
            _ => any,
        }
    }
}

impl Part {
    fn find(&self, cx: &Cx<'_>, name: &str) -> Found {
        let of = |columns: &[Column]| {
            let column = columns.iter().find(|column| column.name == name);
            column.map(|column| Found::Yes(column.ty.clone()))
        };
        match self {
            Self::Open => Found::Maybe,
            Self::Event(id) => cx.event_field(*id, name).map_or(Found::No, Found::Yes),
            Self::Columns(columns) => of(columns).unwrap_or(Found::No),
            Self::Joined(sides) => {
                let side = sides.iter().find(|side| side.name == name);
                side.map_or(Found::No, |side| Found::Yes(side.ty(cx)))
            }
            Self::Matched(matched) => matched.find(cx, name),
            Self::With(inner, added) => of(added).unwrap_or_else(|| inner.find(cx, name)),
        }
    }

    /// The kind of row without what was added.
    fn base(&self) -> &Self {
        match self {
            Self::With(inner, _) => inner.base(),
            other => other,
        }
    }

    fn is_value(&self, name: &str) -> bool {
        match self {
            Self::Columns(_) => true,
            Self::Event(_) | Self::Open | Self::Joined(_) => false,
            Self::Matched(matched) => matched.side(name).is_none(),
            Self::With(inner, added) => added.iter().any(|column| column.name == name) || inner.is_value(name),
        }
    }

    fn with(self, columns: &[Column]) -> Self {
        let replaced = |old: &Rc<Vec<Column>>| {
            let new = |column: &&Column| columns.iter().all(|added| added.name != column.name);
            old.iter().filter(new).chain(columns).cloned().collect()
        };
        match self {
            Self::Columns(old) => Self::Columns(Rc::new(replaced(&old))),
            Self::With(inner, old) => Self::With(inner, Rc::new(replaced(&old))),
            plain => Self::With(Box::new(plain), Rc::new(columns.to_vec())),
        }
    }

    fn names<'r>(&'r self, cx: &'r Cx<'_>, names: &mut Vec<&'r str>) {
        match self {
            Self::Event(id) => names.extend(cx.event(*id).fields.iter().map(|field| field.name.as_str())),
            Self::Columns(columns) => names.extend(columns.iter().map(|column| column.name.as_str())),
            Self::Joined(sides) => names.extend(sides.iter().map(|side| side.name.as_str())),
            Self::Matched(matched) => {
                names.extend(matched.sides.iter().map(|side| side.name.as_str()));
                names.extend(matched.keys.iter().map(|key| key.name.as_str()));
                names.extend(["match_start", "match_end", "match_duration"]);
            }
            Self::With(inner, added) => {
                inner.names(cx, names);
                names.extend(added.iter().map(|column| column.name.as_str()));
            }
            Self::Open => {}
        }
    }

    fn columns(&self, cx: &Cx<'_>) -> Option<Vec<(String, Type)>> {
        match self.base() {
            Self::Columns(_) => self.fields(cx),
            Self::Joined(sides) => {
                let mut fields = self.fields(cx)?;
                for ((_, ty), side) in fields.iter_mut().zip(sides.iter()) {
                    if side.row.columns(cx).is_none() {
                        *ty = Type::Any;
                    }
                }
                Some(fields)
            }
            Self::Matched(_) => self.fields(cx),
            _ => None,
        }
    }

    /// The known fields with their types; none for rows of which nothing is known.
    fn fields(&self, cx: &Cx<'_>) -> Option<Vec<(String, Type)>> {
        let plain = |columns: &[Column]| {
            let pair = |column: &Column| (column.name.clone(), column.ty.clone());
            columns.iter().map(pair).collect::<Vec<_>>()
        };
        match self {
            Self::Open => None,
            Self::Columns(columns) => Some(plain(columns)),
            Self::Joined(sides) => Some(sides.iter().map(|side| (side.name.clone(), side.ty(cx))).collect()),
            Self::Matched(matched) => {
                let aliases = matched.sides.iter().map(|side| (side.name.clone(), side.shown(cx)));
                let keys = matched.keys.iter().map(|key| (key.name.clone(), key.ty.clone()));
                Some(aliases.chain(keys).collect())
            }
            Self::Event(id) => {
                let fields = cx.event(*id).fields.iter();
                let ty = |name: &str| cx.event_field(*id, name).unwrap_or_default();
                Some(fields.map(|field| (field.name.clone(), ty(&field.name))).collect())
            }
            Self::With(inner, added) => {
                let mut fields = inner.fields(cx)?;
                fields.retain(|(name, _)| added.iter().all(|column| column.name != *name));
                fields.extend(plain(added));
                Some(fields)
            }
        }
    }
}
