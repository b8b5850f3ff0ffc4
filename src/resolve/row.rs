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
        }
    }

    /// Rows of which nothing is known.
    pub(super) fn open() -> Self {
        Self::of(Part::Open)
    }

    /// The same names over rows of exactly these fields.
    pub(super) fn project(&mut self, columns: Vec<Column>) {
        self.parts = vec![Part::Columns(Rc::new(columns))];
        self.lose_keys();
    }

    /// The same names over rows of which nothing is known.
    pub(super) fn forget(&mut self) {
        self.parts = vec![Part::Open];
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

    /// Whether the rows may be projected ones, whose fields are values and not paths into a record.
    pub(super) fn is_projected(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Columns(_)))
    }

    /// The declared event, if all rows are of one.
    pub(super) fn event(&self) -> Option<EventId> {
        match self.parts.as_slice() {
            [Part::Event(id)] => Some(*id),
            _ => None,
        }
    }

    /// The names of all known fields.
    pub(super) fn names<'r>(&'r self, cx: &'r Cx<'_>) -> Vec<&'r str> {
        let mut names = Vec::new();
        for part in &self.parts {
            match part {
                Part::Event(id) => names.extend(cx.event(*id).fields.iter().map(|field| field.name.as_str())),
                Part::Columns(columns) => names.extend(columns.iter().map(|column| column.name.as_str())),
                Part::Open => {}
            }
        }
        names
    }

    /// The type of the row as a record.
    pub(super) fn ty(&self, cx: &Cx<'_>) -> Type {
        match self.parts.as_slice() {
            [Part::Columns(columns)] => Type::Record(
                columns
                    .iter()
                    .map(|column| (column.name.clone(), column.ty.clone()))
                    .collect(),
            ),
            [Part::Event(id)] => {
                let fields = &cx.event(*id).fields;
                let ty = |name: &str| cx.event_field(*id, name).unwrap_or_default();
                Type::Record(
                    fields
                        .iter()
                        .map(|field| (field.name.clone(), ty(&field.name)))
                        .collect(),
                )
            }
            _ => Type::Map(Box::new(Type::Str), Box::new(Type::Any)),
        }
    }
}

impl Part {
    fn find(&self, cx: &Cx<'_>, name: &str) -> Found {
        match self {
            Self::Open => Found::Maybe,
            Self::Event(id) => cx.event_field(*id, name).map_or(Found::No, Found::Yes),
            Self::Columns(columns) => {
                let column = columns.iter().find(|column| column.name == name);
                column.map_or(Found::No, |column| Found::Yes(column.ty.clone()))
            }
        }
    }
}
