//! What people read when a program is wrong: every `testdata/diag/*.vpl` beside its rendered errors.
//!
//! `BLESS=1 cargo test --test it diag` writes the goldens anew; read the difference before you keep it.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use varpulis::diag::{Code, Diagnostic, MessageFormat, SourceMap, render};
use varpulis::resolve::{Options, compile};

/// The programs, in order of their names.
fn programs() -> Vec<PathBuf> {
    let entries = fs::read_dir("testdata/diag").unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|end| end == "vpl"));
    paths.sort();
    paths
}

/// What the first lines of a program, `#: --param name=value` and `#: --lenient`, ask for.
fn options(text: &str) -> Options {
    let mut options = Options::default();
    for flag in text.lines().map_while(|line| line.strip_prefix("#: ")) {
        match flag.strip_prefix("--param ").and_then(|param| param.split_once('=')) {
            Some((name, value)) => options.params.push((name.to_owned(), value.to_owned())),
            None => options.lenient = flag == "--lenient",
        }
    }
    options
}

fn diagnose(path: &Path) -> (SourceMap, Vec<Diagnostic>) {
    diagnose_text(path, fs::read_to_string(path).unwrap())
}

fn diagnose_text(path: &Path, text: String) -> (SourceMap, Vec<Diagnostic>) {
    let options = options(&text);
    let mut sources = SourceMap::default();
    let main = sources.add(path, text);
    let resolved = compile(&mut sources, main, &options);
    (sources, resolved.diagnostics)
}

#[test]
fn goldens() {
    let bless = std::env::var_os("BLESS").is_some();
    let mut differ = Vec::new();
    for path in programs() {
        let (sources, diagnostics) = diagnose(&path);
        let rendered = render(&sources, &diagnostics, MessageFormat::Human, false);
        let golden = path.with_extension("txt");
        if bless {
            fs::write(&golden, &rendered).unwrap();
        } else if fs::read_to_string(&golden).unwrap_or_default() != rendered {
            differ.push(format!("{}\n{rendered}", path.display()));
        }
    }
    assert!(differ.is_empty(), "goldens differ:\n{}", differ.join("\n"));
}

#[test]
fn every_code_has_a_golden() {
    let mut met = BTreeSet::new();
    for path in programs() {
        let (_, diagnostics) = diagnose(&path);
        let codes: BTreeSet<Code> = diagnostics.iter().map(|said| said.code).collect();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        met.extend(codes.into_iter().filter(|code| name.starts_with(&code.to_string())));
    }
    // Those of the parser are told by example in `syntax_errors`.
    let resolver = Code::ALL.iter().copied().filter(|&code| code as u16 >= 200);
    let missing: Vec<Code> = resolver.filter(|code| !met.contains(code)).collect();
    assert!(missing.is_empty(), "no program `{missing:?}-*.vpl` shows these codes");
}

#[test]
fn codes_are_unique_and_explained() {
    let numbers: BTreeSet<u16> = Code::ALL.iter().map(|&code| code as u16).collect();
    assert_eq!(numbers.len(), Code::ALL.len());
    for &code in Code::ALL {
        assert_eq!(code.to_string().parse(), Ok(code));
        assert!(!code.title().is_empty());
        assert!(code.explanation().len() > 60, "{code} is hardly explained");
    }
}

#[test]
fn one_line_for_editors() {
    let (sources, diagnostics) = diagnose(Path::new("testdata/diag/VPL0201-unknown-name.vpl"));
    assert_eq!(
        render(&sources, &diagnostics, MessageFormat::Short, true),
        "testdata/diag/VPL0201-unknown-name.vpl:2:15: error[VPL0201]: unknown name `treshold`\n"
    );
}

#[test]
fn one_object_for_programs() {
    let (sources, diagnostics) = diagnose(Path::new("testdata/diag/VPL0201-unknown-name.vpl"));
    let text = render(&sources, &diagnostics, MessageFormat::Json, false);
    let object: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(object["code"], "VPL0201");
    assert_eq!(object["severity"], "error");
    assert_eq!(object["file"], "testdata/diag/VPL0201-unknown-name.vpl");
    assert_eq!(
        object["span"]["start"],
        serde_json::json!({ "byte": 36, "line": 2, "col": 15 })
    );
    assert_eq!(object["fix"]["replacement"], "threshold");
}

#[test]
fn every_fix_mends_its_error() {
    for path in programs() {
        let (sources, before) = diagnose(&path);
        for said in &before {
            let Some(fix) = said.fix.as_ref().filter(|fix| sources.path(fix.span.file) == path) else {
                continue;
            };
            let mut text = sources.text(fix.span.file).to_owned();
            text.replace_range(fix.span.range(), &fix.replacement);
            let (_, after) = diagnose_text(&path, text);
            let count = |all: &[Diagnostic]| {
                let same = |other: &&Diagnostic| (other.code, &other.message) == (said.code, &said.message);
                all.iter().filter(same).count()
            };
            assert_eq!(
                count(&after) + 1,
                count(&before),
                "{}: {} does not mend it",
                path.display(),
                fix.title
            );
        }
    }
}
