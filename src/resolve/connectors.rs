//! `connector C = file(path: "users.csv", key: "id")`: tables that streams look up in.

use super::config;
use super::context::{Cx, did_you_mean, listed};
use crate::data::Value;
use crate::diag::{Code, Diagnostic, Span, nearest};
use crate::ir::Table;
use crate::syntax::ast::{ArgValue, Connector, Expr, ExprKind};

const SETTINGS: [&str; 2] = ["path", "key"];

/// Whether connectors of this kind are run.
pub(super) fn runs(connector: &Connector) -> bool {
    connector.kind.name == "file"
}

/// The table of a connector; none when it was said what is wrong with it (each thing once, whoever
/// looks up in it).
pub(super) fn table(cx: &mut Cx<'_>, module: usize, connector: &Connector) -> Option<Table> {
    if !runs(connector) {
        return None;
    }
    let mut settings: [Option<String>; 2] = [None, None];
    let said = cx.diagnostics.len();
    for arg in &connector.args {
        let (name, expr) = match (arg.names.as_slice(), &arg.value) {
            ([name], ArgValue::Expr(expr)) => (name, expr),
            _ => {
                let message = "the settings of a connector have names";
                cx.say(
                    Diagnostic::new(Code::BadTable, arg.span, message)
                        .help("for example `file(path: \"users.csv\", key: \"id\")`"),
                );
                continue;
            }
        };
        let Some(at) = SETTINGS.iter().position(|known| *known == name.name) else {
            let message = format!("a file has no setting `{}`", name.name);
            let diagnostic = Diagnostic::new(Code::UnknownArgument, name.span, message)
                .help(format!("the settings are {}", listed(SETTINGS)));
            cx.say(did_you_mean(diagnostic, nearest(&name.name, SETTINGS), name.span));
            continue;
        };
        settings[at] = text(cx, module, expr);
    }
    let failed = cx.diagnostics.len() > said;
    let [path, key] = settings;
    for (given, what) in [(path.is_some(), "path: \"users.csv\""), (key.is_some(), "key: \"id\"")] {
        if !given && !failed {
            let message = format!("the table `{}` needs `{what}`", connector.name.name);
            cx.say(
                Diagnostic::new(Code::BadTable, connector.kind.span, message)
                    .help("the file, and the column by whose values it is looked up"),
            );
        }
    }
    Some(Table {
        name: connector.name.name.clone(),
        path: beside(cx, connector.name.span, &path?),
        key: key?,
    })
}

/// A text, or `env("NAME")`.
fn text(cx: &mut Cx<'_>, module: usize, expr: &Expr) -> Option<String> {
    let value = match &expr.kind {
        ExprKind::Call(callee, args) if matches!(&callee.kind, ExprKind::Name(name) if name.name == "env") => {
            config::env(cx, expr.span, args)?
        }
        _ => cx.constant_expr(module, expr)?,
    };
    match value {
        Value::Str(text) => Some(text.to_string()),
        _ => {
            cx.say(Diagnostic::new(Code::BadTable, expr.span, "a text is needed here"));
            None
        }
    }
}

/// A path relative to the folder of the file that names it.
fn beside(cx: &Cx<'_>, place: Span, path: &str) -> String {
    let folder = cx.sources.path(place.file).parent();
    match folder {
        Some(folder) if std::path::Path::new(path).is_relative() => folder.join(path).to_string_lossy().into_owned(),
        _ => path.to_owned(),
    }
}
