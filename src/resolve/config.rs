//! `config:` blocks: known keys, constant values.

use indexmap::IndexMap;

use super::context::{Cx, did_you_mean, listed};
use super::types::{a_type, shown, type_of};
use crate::data::{Type, Value};
use crate::diag::{Code, Diagnostic, Severity, Span, nearest};
use crate::syntax::ast::{ConfigBlock, ConfigEntry, ConfigValue, ItemKind};

/// What a key is.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// A value of these types.
    Value(Check),
    /// More keys.
    Section(&'static [(&'static str, Kind)]),
    /// Of the language, for a feature of later versions.
    Later,
    /// Of a service, which a replay is not; and why.
    Service(&'static str),
}

/// What a value must be.
#[derive(Clone, Copy, PartialEq)]
enum Check {
    /// A duration.
    Duration,
    /// A positive integer, or `"auto"`.
    Threads,
    /// One of these texts.
    OneOf(&'static [&'static str]),
}

const MODES: &[&str] = &["balanced", "low_latency", "throughput"];
const NETWORK: &str = "a replay reads files and offers no service on the network";
const BROKER: &str = "a replay reads files, not a message broker; give the log with `--input`";
const CLOCK: &str = "a replay has no clock but that of its events";

const KEYS: &[(&str, Kind)] = &[
    ("mode", Kind::Value(Check::OneOf(MODES))),
    ("parallelism", Kind::Value(Check::Threads)),
    (
        "watermark",
        Kind::Section(&[
            ("out_of_order", Kind::Value(Check::Duration)),
            ("allowed_lateness", Kind::Value(Check::Duration)),
        ]),
    ),
    ("checkpoint", Kind::Later),
    ("observability", Kind::Later),
    ("sinks", Kind::Later),
    ("sources", Kind::Later),
    ("state", Kind::Later),
    ("api", Kind::Service(NETWORK)),
    ("auth", Kind::Service(NETWORK)),
    ("bind", Kind::Service(NETWORK)),
    ("broker", Kind::Service(BROKER)),
    ("coordinator", Kind::Service(NETWORK)),
    ("heartbeat", Kind::Service(CLOCK)),
    ("host", Kind::Service(NETWORK)),
    ("http", Kind::Service(NETWORK)),
    ("kafka", Kind::Service(BROKER)),
    ("listen", Kind::Service(NETWORK)),
    ("metrics_port", Kind::Service(NETWORK)),
    ("mqtt", Kind::Service(BROKER)),
    ("nats", Kind::Service(BROKER)),
    ("port", Kind::Service(NETWORK)),
    ("server", Kind::Service(NETWORK)),
    ("tls", Kind::Service(NETWORK)),
    ("websocket", Kind::Service(NETWORK)),
];

/// The settings of all config blocks, as dotted keys in the order in which they stand.
pub(super) fn resolve<'a>(cx: &mut Cx<'a>) -> Vec<(String, Value)> {
    let mut settings = Settings::default();
    let modules = cx.modules;
    for (module, text) in modules.iter().enumerate() {
        for item in &text.program.items {
            if let ItemKind::Config(block) = &item.kind {
                settings.block(cx, module, block, item.span);
            }
        }
    }
    settings
        .found
        .into_iter()
        .map(|(key, (value, _))| (key, value))
        .collect()
}

#[derive(Default)]
struct Settings {
    found: IndexMap<String, (Value, Span)>,
}

impl Settings {
    fn block<'a>(&mut self, cx: &mut Cx<'a>, module: usize, block: &'a ConfigBlock, span: Span) {
        if block.embedding {
            let span = first_word(span, "embedding_config");
            return embedding(cx, module, &block.entries, span);
        }
        match &block.name {
            Some(name) if name.name == "embedding" => embedding(cx, module, &block.entries, name.span),
            Some(name) if name.name == "attention" => attention(cx, module, &block.entries, name.span),
            None => self.entries(cx, module, "", KEYS, &block.entries),
            Some(name) => match find(KEYS, &name.name) {
                Some(Kind::Section(keys)) => {
                    self.entries(cx, module, &format!("{}.", name.name), keys, &block.entries);
                }
                Some(Kind::Later) => cx.refuse(name.span, format!("the configuration `{}`", name.name)),
                Some(Kind::Service(why)) => not_in_replay(cx, &setting(&name.name), name.span, why),
                Some(Kind::Value(_)) => {
                    let message = format!("`{}` is a single value, not a section", name.name);
                    cx.say(
                        Diagnostic::new(Code::BadConfigValue, name.span, message)
                            .help(format!("write it as `{}: value` in a `config:` block", name.name)),
                    );
                }
                None => unknown(cx, &name.name, name.span, KEYS),
            },
        }
    }

    fn entries<'a>(
        &mut self,
        cx: &mut Cx<'a>,
        module: usize,
        prefix: &str,
        keys: &'static [(&'static str, Kind)],
        entries: &'a [ConfigEntry],
    ) {
        for entry in entries {
            let name = &entry.key.name;
            if prefix.is_empty() && matches!(name.as_str(), "embedding" | "attention") {
                nested(cx, module, entry);
                continue;
            }
            let dotted = format!("{prefix}{name}");
            match find(keys, name) {
                Some(Kind::Value(check)) => self.value(cx, module, dotted, check, entry),
                Some(Kind::Section(inner)) => self.section(cx, module, &dotted, inner, entry),
                Some(Kind::Later) => cx.refuse(entry.key.span, format!("the configuration `{dotted}`")),
                Some(Kind::Service(why)) => not_in_replay(cx, &setting(&dotted), entry.key.span, why),
                None => unknown(cx, name, entry.key.span, keys),
            }
        }
    }

    /// A section, or its first key's value alone: `watermark: 10s`.
    fn section<'a>(
        &mut self,
        cx: &mut Cx<'a>,
        module: usize,
        dotted: &str,
        keys: &'static [(&'static str, Kind)],
        entry: &'a ConfigEntry,
    ) {
        match (&entry.value, keys.first()) {
            (ConfigValue::Block(inner, _), _) => self.entries(cx, module, &format!("{dotted}."), keys, inner),
            (_, Some((first, Kind::Value(check)))) => {
                self.value(cx, module, format!("{dotted}.{first}"), *check, entry);
            }
            _ => {}
        }
    }

    fn value(&mut self, cx: &mut Cx<'_>, module: usize, dotted: String, check: Check, entry: &ConfigEntry) {
        let (ConfigValue::Block(_, span) | ConfigValue::List(_, span)) = &entry.value else {
            let ConfigValue::Expr(expr) = &entry.value else { return };
            if let Some(value) = constant(cx, module, expr) {
                match check.take(value) {
                    Ok(value) => self.set(cx, dotted, value, entry.key.span),
                    Err(value) => bad_value(cx, &dotted, check, &value, expr.span),
                }
            }
            return;
        };
        let message = format!("`{dotted}` must be {}", check.wanted());
        cx.say(Diagnostic::new(Code::BadConfigValue, *span, message));
    }

    fn set(&mut self, cx: &mut Cx<'_>, dotted: String, value: Value, span: Span) {
        if let Some((_, first)) = self.found.get(&dotted) {
            let message = format!("`{dotted}` is set twice");
            cx.say(
                Diagnostic::new(Code::ConfigTwice, span, message)
                    .label("again here")
                    .also(*first, "first set here"),
            );
            return;
        }
        self.found.insert(dotted, (value, span));
    }
}

/// `config: embedding: ..`, `config: attention: ..`
fn nested<'a>(cx: &mut Cx<'a>, module: usize, entry: &'a ConfigEntry) {
    let name = entry.key.name.as_str();
    match &entry.value {
        ConfigValue::Block(entries, _) if name == "embedding" => embedding(cx, module, entries, entry.key.span),
        ConfigValue::Block(entries, _) => attention(cx, module, entries, entry.key.span),
        ConfigValue::Expr(_) | ConfigValue::List(..) => {
            let message = format!("`{name}` is a block of settings");
            cx.say(
                Diagnostic::new(Code::BadConfigValue, entry.key.span, message)
                    .help(format!("its settings stand in the lines below `{name}:`, indented")),
            );
        }
    }
}

/// Keeps the program's embedding: there is one.
fn embedding<'a>(cx: &mut Cx<'a>, module: usize, entries: &'a [ConfigEntry], span: Span) {
    let made = super::attention::Declared { entries, module, span };
    if let Some(first) = cx.embedding.replace(made) {
        twice(
            cx,
            "embedding",
            span,
            first.span,
            "windows of other features have their own: `.attention_window(.., embedding: { .. })`",
        );
    }
}

/// Keeps what attention windows are where they do not say it themselves.
fn attention<'a>(cx: &mut Cx<'a>, module: usize, entries: &'a [ConfigEntry], span: Span) {
    let made = super::attention::Declared { entries, module, span };
    if let Some(first) = cx.attention.replace(made) {
        let help = "windows that differ say so themselves: `.attention_window(count: 100)`";
        twice(cx, "configuration `attention`", span, first.span, help);
    }
}

fn twice(cx: &mut Cx<'_>, what: &str, span: Span, first: Span, help: &str) {
    cx.say(
        Diagnostic::new(Code::ConfigTwice, span, format!("the {what} is given twice"))
            .label("again here")
            .also(first, "first given here")
            .help(help),
    );
}

/// A constant expression, or a bare word as text, as in YAML.
pub(super) fn constant(cx: &mut Cx<'_>, module: usize, expr: &crate::syntax::ast::Expr) -> Option<Value> {
    use crate::syntax::ast::ExprKind;
    match &expr.kind {
        ExprKind::Name(name) if cx.lookup(module, &name.name).is_none() => Some(Value::str(&name.name)),
        ExprKind::Call(callee, args) if matches!(&callee.kind, ExprKind::Name(name) if name.name == "env") => {
            env(cx, expr.span, args)
        }
        _ => cx.constant_expr(module, expr),
    }
}

/// `env("NAME")`
pub(super) fn env(cx: &mut Cx<'_>, span: Span, args: &[crate::syntax::ast::Arg]) -> Option<Value> {
    use crate::syntax::ast::{ArgValue, ExprKind};
    let name = match args {
        [arg] => match &arg.value {
            ArgValue::Expr(expr) => match &expr.kind {
                ExprKind::Lit(Value::Str(name)) => Some(name.clone()),
                _ => None,
            },
            ArgValue::Sorted(..) | ArgValue::Step(_) => None,
        },
        _ => None,
    };
    let message = match name {
        None => "`env` takes the name of an environment variable as text".to_owned(),
        Some(name) => match std::env::var(&*name) {
            Ok(value) => return Some(Value::str(&value)),
            Err(_) => format!("the environment variable `{name}` is not set"),
        },
    };
    cx.say(Diagnostic::new(Code::BadConfigValue, span, message));
    None
}

fn setting(name: &str) -> String {
    format!("the configuration `{name}`")
}

fn find(keys: &[(&'static str, Kind)], name: &str) -> Option<Kind> {
    keys.iter().find(|(key, _)| *key == name).map(|(_, kind)| *kind)
}

/// The place of the word with which a statement begins.
fn first_word(span: Span, word: &str) -> Span {
    Span {
        end: span.start + word.len() as u32,
        ..span
    }
}

fn unknown(cx: &mut Cx<'_>, name: &str, span: Span, keys: &[(&'static str, Kind)]) {
    let nested: &[&str] = if std::ptr::eq(keys, KEYS) {
        &["attention", "embedding"]
    } else {
        &[]
    };
    let of_replays = keys
        .iter()
        .filter(|(_, kind)| !matches!(kind, Kind::Service(_)))
        .map(|(key, _)| *key)
        .chain(nested.iter().copied());
    let near = nearest(name, of_replays.clone());
    let diagnostic = Diagnostic::new(
        Code::UnknownConfigKey,
        span,
        format!("there is no configuration `{name}`"),
    )
    .help(format!(
        "the keys are {}",
        of_replays.map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
    ));
    cx.say(did_you_mean(diagnostic, near, span));
}

/// Refuses what only a service has a use for, unless the command line is lenient.
pub(super) fn not_in_replay(cx: &mut Cx<'_>, what: &str, span: Span, why: &str) {
    let message = format!("{what} makes no sense in a replay");
    let mut diagnostic = Diagnostic::new(Code::NotInReplay, span, message).label(why);
    if cx.options.lenient {
        diagnostic.severity = Severity::Warning;
    } else {
        diagnostic = diagnostic.help("take it out, or run with `--lenient` to pass over such settings");
    }
    cx.say(diagnostic);
}

fn bad_value(cx: &mut Cx<'_>, dotted: &str, check: Check, value: &Value, span: Span) {
    let message = format!("`{dotted}` must be {}", check.wanted());
    let diagnostic = Diagnostic::new(Code::BadConfigValue, span, message);
    let diagnostic = match (check, value) {
        (Check::OneOf(words), Value::Str(given)) => match nearest(given, words.iter().copied()) {
            Some(near) => diagnostic.fix(format!("did you mean `{near}`?"), span, format!("\"{near}\"")),
            None => diagnostic,
        },
        (Check::Duration, Value::Int(n)) => diagnostic.help(format!("durations have a unit: `{n}s`, `{n}m`")),
        (Check::Threads, Value::Int(n)) => diagnostic.label(format!("this is {n}")),
        _ => diagnostic.label(format!("this is {}", shown(&type_of(value)))),
    };
    cx.say(diagnostic);
}

impl Check {
    /// The value, if it is right; else the value back.
    fn take(self, value: Value) -> Result<Value, Value> {
        let right = match (self, &value) {
            (Self::Duration, Value::Duration(ns)) => *ns >= 0,
            (Self::Threads, Value::Int(n)) => *n > 0,
            (Self::Threads, Value::Str(word)) => &**word == "auto",
            (Self::OneOf(words), Value::Str(word)) => words.contains(&&**word),
            _ => false,
        };
        if right { Ok(value) } else { Err(value) }
    }

    fn wanted(self) -> String {
        match self {
            Self::Duration => format!("{}, for example `10s`", a_type(&Type::Duration)),
            Self::Threads => "a positive number of threads, or `\"auto\"`".to_owned(),
            Self::OneOf(words) => format!("one of {}", listed(words.iter().copied())),
        }
    }
}
