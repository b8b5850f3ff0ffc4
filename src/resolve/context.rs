//! What one compilation carries along.

use indexmap::{IndexMap, IndexSet};

use super::Options;
use super::constants::Constant;
use super::imports::Module;
use crate::data::{FieldId, Path, Type};
use crate::diag::{Code, Diagnostic, SourceMap, Span, nearest};
use crate::ir::{EventId, LocalId, Query, StreamId};
use crate::syntax::ast;

/// What a top-level name stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum What<'a> {
    /// `event`
    Event(EventId),
    /// `stream`
    Stream(StreamId),
    /// `type`
    Alias(&'a ast::TypeAlias),
    /// `const`, `let`, `param`: an index into [`Cx::constants`]
    Constant(usize),
    /// `var`: an index into [`Cx::globals`]
    Var(usize),
    /// `fn`: an index into [`Cx::functions`]
    Function(usize),
    /// `pattern`, and the module that declares it
    Pattern(&'a ast::PatternDecl, usize),
    /// `connector`, and the module that declares it
    Connector(&'a ast::Connector, usize),
}

impl What<'_> {
    /// With its article, for messages.
    pub(super) fn noun(&self) -> &'static str {
        match self {
            Self::Event(_) => "an event",
            Self::Stream(_) => "a stream",
            Self::Alias(_) => "a type",
            Self::Constant(_) => "a constant",
            Self::Var(_) => "a variable",
            Self::Function(_) => "a function",
            Self::Pattern(..) => "a pattern",
            Self::Connector(..) => "a connector",
        }
    }
}

/// A top-level name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Declared<'a> {
    /// What it stands for.
    pub what: What<'a>,
    /// Where its name stands.
    pub span: Span,
}

/// Where an expression stands, for what it may do besides giving a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the body of a function; what it may do is asked of its callers.
    Function,
    /// `.process`
    Process,
    /// `.on_error`
    OnError,
    /// `.map`, `.select`, `.emit`: may touch variables of the run
    Rows,
    /// Elsewhere: as messages name it.
    Other(String),
}

/// The state of one compilation. Everything in it is in order of the program.
pub(super) struct Cx<'a> {
    pub sources: &'a SourceMap,
    /// The texts: what is imported before what imports it, the program itself last.
    pub modules: &'a [Module],
    pub options: &'a Options,
    pub diagnostics: Vec<Diagnostic>,
    pub query: Query,
    /// For each module, what its names stand for.
    pub scopes: Vec<IndexMap<&'a str, Declared<'a>>>,
    pub constants: Vec<Constant<'a>>,
    /// `fn`, with what is known of each.
    pub functions: Vec<super::functions::Declared<'a>>,
    /// `var`, and the module that declares each.
    pub globals: Vec<(usize, &'a ast::Binding)>,
    /// Those that something writes.
    pub written: IndexSet<usize>,
    /// Where the expression at hand stands.
    pub place: Place,
    /// How many of them wait for the value of another.
    pub open_constants: usize,
    /// Declared streams and inner streams of merges, by [`StreamId`].
    pub drafts: Vec<super::streams::Draft<'a>>,
    /// What is known of the streams whose source is a pattern.
    pub patterns: IndexMap<usize, std::rc::Rc<super::pattern::Prepared<'a>>>,
    /// Aggregates over the events that an alias stands for, by the field that holds each.
    pub elements: IndexMap<FieldId, super::pattern::Elements>,
    /// Filters of the streams that bring the rows of patterns.
    pub input_filters: Vec<(StreamId, crate::ir::Operator)>,
    /// Undeclared event types by the module and name by which they are read.
    pub undeclared: IndexMap<String, EventId>,
    /// Where the names stand that somebody used: aliases, constants.
    pub used: IndexSet<Span>,
    /// Constructs that a note was given for.
    pub noted: IndexSet<&'static str>,
    pub locals: u32,
    /// The program's `embedding_config`.
    pub embedding: Option<super::attention::Declared<'a>>,
    /// The program's `config: attention:`.
    pub attention: Option<super::attention::Declared<'a>>,
    /// Novelties that the expression at hand asks an attention window for, and that it does not have yet.
    pub novelties: Vec<crate::ir::Novelty>,
    /// Whether the configuration allows lateness, so that windows may be emitted again.
    pub allowed_lateness: bool,
    /// How many hidden fields there are.
    pub hidden: u32,
    /// The stream at hand and the ordinal of the next call in it that draws random numbers.
    pub draws: (String, u64),
}

impl<'a> Cx<'a> {
    pub(super) fn new(
        sources: &'a SourceMap,
        modules: &'a [Module],
        options: &'a Options,
        diagnostics: Vec<Diagnostic>,
    ) -> Self {
        Self {
            sources,
            modules,
            options,
            diagnostics,
            query: Query::default(),
            scopes: modules.iter().map(|_| IndexMap::new()).collect(),
            constants: Vec::new(),
            functions: Vec::new(),
            globals: Vec::new(),
            written: IndexSet::new(),
            place: Place::Other(String::new()),
            open_constants: 0,
            drafts: Vec::new(),
            patterns: IndexMap::new(),
            elements: IndexMap::new(),
            input_filters: Vec::new(),
            undeclared: IndexMap::new(),
            used: IndexSet::new(),
            noted: IndexSet::new(),
            locals: 0,
            embedding: None,
            attention: None,
            novelties: Vec::new(),
            allowed_lateness: false,
            hidden: 0,
            draws: (String::new(), 0),
        }
    }

    pub(super) fn say(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Refuses a construct by name.
    pub(super) fn refuse(&mut self, span: Span, construct: impl Into<String>) {
        let construct = construct.into();
        self.say(
            Diagnostic::new(Code::NotSupported, span, format!("{construct} is not supported yet"))
                .label("this version parses it but does not execute it"),
        );
    }

    /// A note about a difference to the public engine: the first time only.
    pub(super) fn note_difference(&mut self, key: &'static str, span: Span, message: &str, help: &str) {
        if self.noted.insert(key) {
            self.say(Diagnostic::new(Code::DiffersFromPublic, span, message).help(help));
        }
    }

    /// Whether a name is an import's.
    pub(super) fn is_import(&self, module: usize, alias: &str) -> bool {
        self.modules[module].imports.contains_key(alias)
    }

    /// What a name of a module stands for.
    pub(super) fn lookup(&self, module: usize, name: &str) -> Option<Declared<'a>> {
        self.scopes[module].get(name).copied()
    }

    /// What `a` or `lib.a` stands for. `Err` when it was said that there is no such thing.
    pub(super) fn lookup_path(&mut self, module: usize, path: &[ast::Ident]) -> Result<Option<Declared<'a>>, ()> {
        match path {
            [name] => Ok(self.lookup(module, &name.name)),
            [alias, name, rest @ ..] => {
                let target = match self.modules[module].imports.get(&alias.name) {
                    Some((Some(target), _)) => *target,
                    Some((None, _)) => return Err(()),
                    None => {
                        self.unknown_import(module, alias);
                        return Err(());
                    }
                };
                match self.lookup(target, &name.name) {
                    Some(found) if rest.is_empty() => Ok(Some(found)),
                    _ => {
                        self.unknown_item(target, alias, rest.last().unwrap_or(name));
                        Err(())
                    }
                }
            }
            [] => Ok(None),
        }
    }

    fn unknown_import(&mut self, module: usize, alias: &ast::Ident) {
        let candidates = self.modules[module].imports.keys().map(String::as_str);
        let near = nearest(&alias.name, candidates).map(str::to_owned);
        let diagnostic = Diagnostic::new(
            Code::UnknownImport,
            alias.span,
            format!("nothing is imported as `{}`", alias.name),
        )
        .help(format!(
            "import it: `import \"{0}.vpl\" as {0}`; a name that holds a point is written in backticks",
            alias.name
        ));
        self.say(did_you_mean(diagnostic, near.as_deref(), alias.span));
    }

    fn unknown_item(&mut self, target: usize, alias: &ast::Ident, name: &ast::Ident) {
        let near = nearest(&name.name, self.scopes[target].keys().copied()).map(str::to_owned);
        let diagnostic = Diagnostic::new(
            Code::UnknownImport,
            name.span,
            format!("`{}` declares no `{}`", alias.name, name.name),
        );
        self.say(did_you_mean(diagnostic, near.as_deref(), name.span));
    }

    /// A fresh local.
    pub(super) fn local(&mut self) -> LocalId {
        self.locals += 1;
        LocalId(self.locals - 1)
    }

    /// A fresh field that no program can name: its name begins with a control character.
    pub(super) fn hidden(&mut self, what: &str) -> FieldId {
        self.hidden += 1;
        self.query
            .fields
            .intern(Path::key(&format!("\u{1}{what}{}", self.hidden - 1)))
    }

    /// The event of a name that nothing declares.
    pub(super) fn undeclared_event(&mut self, name: &str, span: Span) -> EventId {
        if let Some(&id) = self.undeclared.get(name) {
            return id;
        }
        let id = self.add_event(name, name, false, span);
        self.undeclared.insert(name.to_owned(), id);
        id
    }

    /// Adds an event without fields.
    pub(super) fn add_event(&mut self, name: &str, log_name: &str, declared: bool, span: Span) -> EventId {
        self.query.events.push(crate::ir::Event {
            name: name.to_owned(),
            log_name: log_name.to_owned(),
            declared,
            extends: None,
            fields: Vec::new(),
            span,
        });
        EventId(self.query.events.len() as u32 - 1)
    }

    pub(super) fn event(&self, id: EventId) -> &crate::ir::Event {
        &self.query.events[id.0 as usize]
    }

    /// The type of a declared event's field, `?` included.
    pub(super) fn event_field(&self, id: EventId, name: &str) -> Option<Type> {
        let field = self.event(id).fields.iter().find(|field| field.name == name)?;
        Some(if field.required {
            field.ty.clone()
        } else {
            Type::Optional(Box::new(field.ty.clone()))
        })
    }

    /// Whether the name at a place is written in backticks.
    pub(super) fn is_quoted(&self, span: Span) -> bool {
        self.sources.slice(span).starts_with('`')
    }
}

/// Adds "did you mean" as help and as a fix.
pub(super) fn did_you_mean(diagnostic: Diagnostic, near: Option<&str>, span: Span) -> Diagnostic {
    match near {
        Some(near) => diagnostic.fix(format!("did you mean `{near}`?"), span, quoted(near)),
        None => diagnostic,
    }
}

/// A name as it is written in a program: in backticks where it must be.
pub(super) fn quoted(name: &str) -> String {
    let plain = !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { name.to_owned() } else { format!("`{name}`") }
}

/// Names for a line of help: at most six, in order.
pub(super) fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    if names.len() <= 8 {
        names.join(", ")
    } else {
        format!("{}, and {} more", names[..7].join(", "), names.len() - 7)
    }
}
