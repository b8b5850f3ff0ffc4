//! Names: locals, aliases, fields of the row at hand, constants; in that order.

use super::{Local, Lower};
use crate::data::{Pseudo, Type, Value};
use crate::diag::{Code, Diagnostic, Span, nearest};
use crate::ir::{Builtin, Expr, ExprId};
use crate::resolve::context::{What, did_you_mean, listed, quoted};
use crate::resolve::row::{Found, Keys, Row, Side};
use crate::syntax::ast::Ident;

/// What the first key of a path to something that a run has bound begins with.
pub(in crate::resolve) const BOUND: &str = "\u{1}@";

/// What the first name of a path stands for.
pub(super) enum Head {
    /// The row at hand.
    Row,
    /// The record of one input of a join.
    Side(Side),
    /// A field of the one input of a join that has it.
    Within(Side),
    /// A field of the row: its type, if it is known.
    Field(Type),
    /// A field of the row that its declaration does not name.
    Undeclared,
    /// A finished node.
    Node(ExprId),
    /// An import: what follows is a name in it.
    Module,
}

impl Lower<'_, '_> {
    /// What a name stands for. `alone`: nothing follows it.
    pub(super) fn head(&mut self, name: &Ident, alone: bool) -> Head {
        if let Some(local) = self.find_local(&name.name) {
            return match local {
                Local::Row => Head::Row,
                Local::Value(id, ty) => Head::Node(self.push(Expr::Local(id), ty, name.span)),
                Local::Leaf(leaf, ty) => Head::Node(self.push(leaf, ty, name.span)),
            };
        }
        if let Some(side) = self.of_the_run(&name.name) {
            return Head::Side(side);
        }
        if self.is_alias(&name.name) {
            return Head::Row;
        }
        if !self.cx.is_quoted(name.span)
            && let Some(node) = self.pseudo(&name.name, name.span)
        {
            return Head::Node(node);
        }
        if let Some(side) = self.input(&name.name) {
            return Head::Side(side);
        }
        let found = self.find_field(&name.name);
        if let Found::Yes(ty) = found {
            self.note_shadowing(name);
            return Head::Field(ty);
        }
        if let Some(declared) = self.cx.lookup(self.module, &name.name) {
            match declared.what {
                What::Constant(at) => return Head::Node(self.constant_value(at, name.span)),
                What::Var(at) => return Head::Node(self.global(at, name.span)),
                What::Function(_) => return Head::Node(self.not_called(name, declared.span)),
                What::Event(_) | What::Stream(_) | What::Alias(_) | What::Connector(..) | What::Pattern(..) => {}
            }
        }
        if !alone && self.cx.is_import(self.module, &name.name) {
            return Head::Module;
        }
        if name.name == "revision" && found == Found::No && self.row.as_ref().is_some_and(|row| row.aggregated) {
            // Without allowed lateness windows are emitted once.
            return Head::Node(self.lit(Value::Int(0), name.span));
        }
        if !alone && found == Found::No && self.is_source(&name.name) {
            return Head::Row;
        }
        if let Some(sides) = self.row.as_ref().and_then(Row::sides) {
            return self.within_a_side(name, &sides);
        }
        if found == Found::No && self.row.as_ref().is_some_and(|row| row.matched().is_some()) {
            return Head::Node(self.of_no_step(name));
        }
        self.open_or_unknown(name, &found)
    }

    /// A variable of the run.
    fn global(&mut self, at: usize, span: Span) -> ExprId {
        let (_, binding) = self.cx.globals[at];
        self.cx.used.insert(binding.name.span);
        if self.row.is_none() && self.body.is_none() {
            return self.say_and_poison(
                Diagnostic::new(
                    Code::NotConstant,
                    span,
                    format!("the variable `{}` changes from event to event", binding.name.name),
                )
                .label("only constants may stand here"),
            );
        }
        if !self.may_touch(at, span, None) {
            return self.poison(span);
        }
        let global = &self.cx.query.code.globals[at];
        let (local, ty) = (global.local, global.ty.clone());
        self.push(Expr::Local(local), ty, span)
    }

    /// A function's name alone.
    fn not_called(&mut self, name: &Ident, declared: Span) -> ExprId {
        let message = format!("`{}` is a function, not a value", name.name);
        self.say_and_poison(
            Diagnostic::new(Code::WrongKind, name.span, message)
                .also(declared, "declared here")
                .help(format!("call it: `{0}(..)`; as a lambda: `x => {0}(x)`", name.name)),
        )
    }

    /// The input of a join, or the alias of a pattern, that has this name.
    pub(super) fn input(&self, name: &str) -> Option<Side> {
        self.row.as_ref()?.side(name)
    }

    /// A name that the run at hand has bound before the event at hand. Its path in the row is one that
    /// no field of the event can have.
    fn of_the_run(&self, name: &str) -> Option<Side> {
        let side = self.row.as_ref()?.bound.as_ref()?.side(name)?;
        Some(Side {
            name: format!("{BOUND}{name}"),
            ..side.clone()
        })
    }

    /// A bare name over the rows of a join: the field of the one input that has it for certain.
    fn within_a_side(&mut self, name: &Ident, sides: &[Side]) -> Head {
        let found: Vec<Found> = sides.iter().map(|side| side.row.find(self.cx, &name.name)).collect();
        let mut having = sides
            .iter()
            .zip(&found)
            .filter(|(_, found)| matches!(found, Found::Yes(_)));
        let only = having.next().map(|(side, _)| side.clone());
        if let (Some(side), None) = (only, having.next())
            && !found.contains(&Found::Maybe)
        {
            return Head::Within(side);
        }
        let names = || sides.iter().map(|side| side.name.as_str());
        let may: Vec<&Side> = sides
            .iter()
            .zip(&found)
            .filter(|(_, found)| **found != Found::No)
            .map(|(side, _)| side)
            .collect();
        let message = if may.is_empty() {
            format!("no input of the join is called `{0}` or has a field `{0}`", name.name)
        } else {
            format!("`{}` does not say which input of the join it is of", name.name)
        };
        let written = may.first().map_or("", |side| side.name.as_str());
        let diagnostic = Diagnostic::new(Code::NeedsInput, name.span, message).help(format!(
            "the inputs are {}: `{written}.{}`",
            listed(names()),
            name.name
        ));
        let diagnostic = did_you_mean(diagnostic, nearest(&name.name, names()), name.span);
        Head::Node(self.say_and_poison(diagnostic))
    }

    /// A name behind a pattern that is no alias, no key and none of `match_*`.
    fn of_no_step(&mut self, name: &Ident) -> ExprId {
        let row = self.row.clone();
        let matched = row.as_ref().and_then(Row::matched);
        let sides = matched.iter().flat_map(|matched| &matched.sides);
        let having = sides
            .clone()
            .find(|side| side.row.find(self.cx, &name.name) != Found::No);
        let names: Vec<String> = row
            .iter()
            .flat_map(|row| row.names(self.cx))
            .map(str::to_owned)
            .collect();
        let near = nearest(&name.name, names.iter().map(String::as_str)).map(str::to_owned);
        let message = format!("`{}` is no alias of the pattern and no key of its partition", name.name);
        let diagnostic = Diagnostic::new(Code::NeedsStep, name.span, message);
        let diagnostic = match having {
            _ if near.is_some() => diagnostic,
            Some(side) if side.list => diagnostic.help(format!(
                "say which event it is of: `{0}[0].{1}`, `{0}[-1].{1}`",
                side.name, name.name
            )),
            Some(side) => diagnostic.help(format!("say which event it is of: `{}.{}`", side.name, name.name)),
            None if sides.count() == 0 => diagnostic.help("name a step to read its event: `Login as l`"),
            None => diagnostic,
        };
        let diagnostic = diagnostic.help(format!("there are {}", listed(names.iter().map(String::as_str))));
        self.say_and_poison(did_you_mean(diagnostic, near.as_deref(), name.span))
    }

    fn find_local(&self, name: &str) -> Option<Local> {
        let found = self.locals.iter().rev().find(|(local, _)| local == name)?;
        Some(found.1.clone())
    }

    fn is_alias(&mut self, name: &str) -> bool {
        let Some(row) = &self.row else { return false };
        let alias = row.aliases.iter().rev().find(|(alias, _)| alias == name);
        if let Some((_, span)) = alias {
            self.cx.used.insert(*span);
        }
        alias.is_some()
    }

    fn is_source(&self, name: &str) -> bool {
        self.row.as_ref().is_some_and(|row| row.source.as_deref() == Some(name))
    }

    /// Looks for a field of the row.
    pub(super) fn find_field(&self, name: &str) -> Found {
        self.row.as_ref().map_or(Found::No, |row| row.find(self.cx, name))
    }

    /// `_time` and its kin.
    pub(super) fn pseudo(&mut self, name: &str, span: Span) -> Option<ExprId> {
        self.row.as_ref()?;
        if name == "_partition" {
            return Some(self.partition(span));
        }
        let (which, ty) = pseudo(name)?;
        Some(self.push(Expr::Pseudo(which), ty, span))
    }

    /// The key of the partition; a list when there are several.
    fn partition(&mut self, span: Span) -> ExprId {
        let keys = self.row.as_ref().map_or(Keys::None, |row| row.keys.clone());
        match keys {
            Keys::Here(keys) => match keys.as_slice() {
                [key] => self.expr(key),
                keys => self.list(keys, false, span),
            },
            Keys::Gone => {
                self.cx
                    .refuse(span, "`_partition` of a row that was projected after `.partition_by`");
                self.poison(span)
            }
            Keys::None => self.say_and_poison(
                Diagnostic::new(
                    Code::UnknownName,
                    span,
                    "`_partition` is there only where a partition is in force",
                )
                .help("put `.partition_by(key)` before it"),
            ),
        }
    }

    fn constant_value(&mut self, at: usize, span: Span) -> ExprId {
        let declared = self.cx.constants[at].name.span;
        self.cx.used.insert(declared);
        self.reads_param |= self.cx.constants[at].is_param;
        match self.cx.constant(at, span) {
            Some(value) => self.lit(value, span),
            None => self.poison(span),
        }
    }

    /// `lib.name`
    pub(super) fn module_item(&mut self, alias: &Ident, name: &Ident) -> ExprId {
        let path = [alias.clone(), name.clone()];
        match self.cx.lookup_path(self.module, &path) {
            Ok(Some(declared)) => match declared.what {
                What::Constant(at) => self.constant_value(at, alias.span.to(name.span)),
                What::Var(at) => self.global(at, name.span),
                What::Function(_) => self.not_called(name, declared.span),
                what => {
                    let message = format!("`{}.{}` is {}, not a value", alias.name, name.name, what.noun());
                    self.say_and_poison(
                        Diagnostic::new(Code::WrongKind, alias.span.to(name.span), message)
                            .also(declared.span, "declared here"),
                    )
                }
            },
            Ok(None) | Err(()) => self.poison(name.span),
        }
    }

    /// A declared field that has the name of a constant.
    fn note_shadowing(&mut self, name: &Ident) {
        let Some(declared) = self.cx.lookup(self.module, &name.name) else {
            return;
        };
        if matches!(declared.what, What::Constant(_)) && self.cx.used.insert(declared.span) {
            let message = format!("`{}` is the field here, not the constant of that name", name.name);
            self.cx.say(
                Diagnostic::new(Code::Shadowed, name.span, message)
                    .label("the field")
                    .also(declared.span, "the constant")
                    .help("give the constant another name to use it here"),
            );
        }
    }

    fn open_or_unknown(&mut self, name: &Ident, found: &Found) -> Head {
        match found {
            Found::Yes(ty) => Head::Field(ty.clone()),
            Found::Maybe => Head::Field(Type::Any),
            Found::No => {
                if self.undeclared_field(name) {
                    return Head::Undeclared;
                }
                Head::Node(self.unknown_name(name))
            }
        }
    }

    /// A name in backticks reads what a declaration does not name, with a warning.
    pub(super) fn undeclared_field(&mut self, name: &Ident) -> bool {
        let Some(row) = &self.row else { return false };
        if row.is_projected() || !self.cx.is_quoted(name.span) {
            return false;
        }
        let event = row.event().map(|id| self.cx.event(id));
        let (of, span) = event.map_or(("the event".to_owned(), None), |event| {
            (format!("`{}`", event.name), Some(event.span))
        });
        let message = format!("the declaration of {of} does not name `{}`", name.name);
        let mut diagnostic = Diagnostic::new(Code::UndeclaredField, name.span, message)
            .label("read as it is found, unchecked; null where it is missing");
        if let Some(span) = span {
            diagnostic = diagnostic.also(span, "declared here");
        }
        self.cx
            .say(diagnostic.help(format!("declare it to have it checked: {}", declaration(&name.name))));
        true
    }

    /// Says that nothing has this name.
    fn unknown_name(&mut self, name: &Ident) -> ExprId {
        let Some(row) = self.row.clone() else {
            return self.unknown_constant(name);
        };
        if let Some(declared) = self.cx.lookup(self.module, &name.name) {
            let message = format!("`{}` is {}, not a value", name.name, declared.what.noun());
            return self.say_and_poison(
                Diagnostic::new(Code::WrongKind, name.span, message).also(declared.span, "declared here"),
            );
        }
        if Builtin::lookup(&name.name).is_some() {
            let message = format!("`{}` is a function, not a value", name.name);
            return self.say_and_poison(
                Diagnostic::new(Code::WrongKind, name.span, message).help(format!("call it: `{}(..)`", name.name)),
            );
        }
        let fields: Vec<String> = row.names(self.cx).iter().map(|&name| name.to_owned()).collect();
        let mut candidates: Vec<&str> = fields.iter().map(String::as_str).collect();
        candidates.extend(row.aliases.iter().map(|(alias, _)| alias.as_str()));
        candidates.extend(self.locals.iter().map(|(local, _)| local.as_str()));
        let constants = self.cx.scopes[self.module].iter();
        candidates.extend(
            constants
                .filter(|(_, d)| matches!(d.what, What::Constant(_)))
                .map(|(n, _)| *n),
        );
        let near = nearest(&name.name, candidates).map(str::to_owned);
        self.unknown_field(name, near.as_deref(), &fields)
    }

    /// Says that the row has no such field.
    pub(super) fn unknown_field(&mut self, name: &Ident, near: Option<&str>, fields: &[String]) -> ExprId {
        let event = self.row.as_ref().and_then(super::super::row::Row::event);
        let mut diagnostic = match event.map(|id| self.cx.event(id)) {
            Some(event) => Diagnostic::new(
                Code::UnknownField,
                name.span,
                format!("`{}` has no field `{}`", event.name, name.name),
            )
            .label("unknown field")
            .also(event.span, format!("`{}` is declared here", event.name)),
            None => Diagnostic::new(
                Code::UnknownField,
                name.span,
                format!("the row has no field `{}` at this place", name.name),
            )
            .label("unknown field"),
        };
        if !fields.is_empty() {
            diagnostic = diagnostic.help(format!("the fields are {}", listed(fields.iter().map(String::as_str))));
        }
        if event.is_some() && near.is_none() {
            diagnostic = diagnostic.help(format!(
                "to read a field that the declaration does not name, write it in backticks: `` `{}` ``",
                name.name
            ));
        }
        self.say_and_poison(did_you_mean(diagnostic, near, name.span))
    }

    fn unknown_constant(&mut self, name: &Ident) -> ExprId {
        let scope = &self.cx.scopes[self.module];
        if let Some(declared) = scope.get(name.name.as_str()) {
            let message = format!("`{}` is {}, not a constant", name.name, declared.what.noun());
            let diagnostic = Diagnostic::new(Code::WrongKind, name.span, message).also(declared.span, "declared here");
            return self.say_and_poison(diagnostic);
        }
        if let Some(body) = &self.body {
            let message = format!("`{}` does not know the name `{}`", body.name, name.name);
            let known: Vec<&str> = self.locals.iter().map(|(known, _)| known.as_str()).collect();
            let near = nearest(&name.name, known.iter().copied().chain(scope.keys().copied())).map(str::to_owned);
            let diagnostic = Diagnostic::new(Code::UnknownName, name.span, message)
                .label("no parameter, variable or constant has this name")
                .help("a function sees what it is given, and nothing of the event at hand");
            return self.say_and_poison(did_you_mean(diagnostic, near.as_deref(), name.span));
        }
        let constants = scope
            .iter()
            .filter(|(_, d)| matches!(d.what, What::Constant(_)))
            .map(|(n, _)| *n);
        let near = nearest(&name.name, constants).map(str::to_owned);
        let message = format!("unknown name `{}`", name.name);
        let diagnostic = Diagnostic::new(Code::UnknownName, name.span, message)
            .label("no constant or parameter has this name")
            .help("only constants may stand here: there is no event at hand");
        self.say_and_poison(did_you_mean(diagnostic, near.as_deref(), name.span))
    }
}

/// The pseudo-field of a name, but for `_partition`.
pub(in crate::resolve) fn pseudo(name: &str) -> Option<(Pseudo, Type)> {
    Some(match name {
        "_time" => (Pseudo::Time, Type::Timestamp),
        "_type" => (Pseudo::Type, Type::Str),
        "_seq" => (Pseudo::Seq, Type::Int),
        "_source" => (Pseudo::Source, Type::Str),
        _ => return None,
    })
}

/// How a field of this name is declared.
fn declaration(name: &str) -> String {
    let written = quoted(name);
    if written == name {
        format!("`{name}: str?`")
    } else {
        format!("`` {written}: str? ``")
    }
}
