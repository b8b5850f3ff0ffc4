//! The texts of a program: parsed, with what they import.

use indexmap::IndexMap;
use std::path::{Path, PathBuf};

use crate::diag::{Code, Diagnostic, FileId, SourceMap, Span};
use crate::syntax::{self, ast};

/// How many files may import each other in a row.
const MAX_OPEN: usize = 64;

/// One program text.
#[derive(Debug)]
pub(super) struct Module {
    /// Its statements.
    pub program: ast::Program,
    /// What its items' names begin with in the program as a whole: nothing for the program itself.
    pub prefix: String,
    /// Modules by the names they are imported as, and where. None: it was said that it cannot be imported.
    pub imports: IndexMap<String, (Option<usize>, Span)>,
}

/// Loads texts depth first.
struct Loader<'s> {
    sources: &'s mut SourceMap,
    diagnostics: &'s mut Vec<Diagnostic>,
    modules: Vec<Module>,
    /// Modules by their true path.
    done: IndexMap<PathBuf, usize>,
    /// The paths that are being loaded, outermost first.
    open: Vec<PathBuf>,
}

/// Parses the program and what it imports: what is imported stands before what imports it, the
/// program itself is last.
pub(super) fn load(sources: &mut SourceMap, main: FileId, diagnostics: &mut Vec<Diagnostic>) -> Vec<Module> {
    let path = sources.path(main).to_owned();
    let mut loader = Loader {
        sources,
        diagnostics,
        modules: Vec::new(),
        done: IndexMap::new(),
        open: vec![true_path(&path)],
    };
    loader.module(main, String::new());
    loader.modules
}

/// The path with links and `..` taken out, if it is there; else as it stands.
fn true_path(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

impl Loader<'_> {
    fn module(&mut self, file: FileId, prefix: String) -> usize {
        let parsed = syntax::parse(file, self.sources.text(file));
        self.diagnostics.extend(parsed.diagnostics);
        let mut imports = IndexMap::new();
        for item in &parsed.program.items {
            if let ast::ItemKind::Import(import) = &item.kind {
                self.import(file, &prefix, import, &mut imports);
            }
        }
        self.modules.push(Module {
            program: parsed.program,
            prefix,
            imports,
        });
        self.modules.len() - 1
    }

    fn import(
        &mut self,
        file: FileId,
        prefix: &str,
        import: &ast::Import,
        imports: &mut IndexMap<String, (Option<usize>, Span)>,
    ) {
        let (alias, span) = alias(import);
        if let Some((_, first)) = imports.get(&alias) {
            self.diagnostics.push(
                Diagnostic::new(Code::DeclaredTwice, span, format!("`{alias}` is imported twice"))
                    .label("again here")
                    .also(*first, "first imported here"),
            );
            return;
        }
        let module = self.target(file, prefix, &alias, import);
        imports.insert(alias, (module, span));
    }

    fn target(&mut self, file: FileId, prefix: &str, alias: &str, import: &ast::Import) -> Option<usize> {
        let base = self.sources.path(file).parent().map(Path::to_owned).unwrap_or_default();
        let path = base.join(&import.path);
        let real = true_path(&path);
        if let Some(&module) = self.done.get(&real) {
            return Some(module);
        }
        if self.open.contains(&real) {
            self.cycle(import, &real);
            return None;
        }
        if self.open.len() > MAX_OPEN {
            let message = format!("more than {MAX_OPEN} files import each other in a row");
            self.diagnostics
                .push(Diagnostic::new(Code::TooDeep, import.path_span, message));
            return None;
        }
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => {
                self.unreadable(import, &path, &error);
                return None;
            }
        };
        let target = self.sources.add(path, text);
        self.open.push(real.clone());
        let module = self.module(target, format!("{prefix}{alias}."));
        self.open.pop();
        self.done.insert(real, module);
        Some(module)
    }

    fn unreadable(&mut self, import: &ast::Import, path: &Path, error: &std::io::Error) {
        let reason = match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
            std::io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
            _ => error.to_string(),
        };
        self.diagnostics.push(
            Diagnostic::new(
                Code::ImportUnreadable,
                import.path_span,
                format!("cannot import `{}`: {reason}", import.path),
            )
            .label(format!("looked for `{}`", path.display()))
            .help("paths are relative to the importing file"),
        );
    }

    fn cycle(&mut self, import: &ast::Import, real: &Path) {
        let name = |path: &Path| {
            path.file_name().map_or_else(
                || path.display().to_string(),
                |name| name.to_string_lossy().into_owned(),
            )
        };
        let from = self.open.iter().position(|open| open == real).unwrap_or(0);
        let mut names: Vec<String> = self.open[from..].iter().map(|path| name(path)).collect();
        names.push(name(real));
        self.diagnostics.push(
            Diagnostic::new(
                Code::ImportCycle,
                import.path_span,
                format!("imports go round in a circle: {}", names.join(" -> ")),
            )
            .label("this import closes the circle")
            .help("move what both need into a third file that imports neither"),
        );
    }
}

/// The name an import goes by, and where it stands.
fn alias(import: &ast::Import) -> (String, Span) {
    match &import.alias {
        Some(alias) => (alias.name.clone(), alias.span),
        None => {
            let stem = Path::new(&import.path).file_stem().unwrap_or_default();
            (stem.to_string_lossy().into_owned(), import.path_span)
        }
    }
}
