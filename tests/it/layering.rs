//! A module imports only from the modules above it in the table of `src/lib.rs`, and the sources
//! keep the rules that lints cannot express.

use std::fs;
use std::path::{Path, PathBuf};

/// The stations in reading order.
const ORDER: &[&str] = &[
    "diag",
    "data",
    "syntax",
    "ir",
    "eval",
    "aggregate",
    "ordered",
    "matcher",
    "attend",
    "resolve",
    "read",
    "write",
    "optimize",
    "plan",
    "replay",
    "cli",
];
/// Files that may hold unsafe code, each with its contract at its head.
const UNSAFE: &[&str] = &[
    "attend/kernel/sets.rs",
    "attend/kernel/x86.rs",
    "read/json/",
    "read/blocks.rs",
    "read/mapped.rs",
    "read/shared.rs",
    "read/sigbus.rs",
];
/// The one file that may read a clock.
const CLOCK: &str = "cli/progress.rs";

fn source_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every source file by its path below `src/`, with its text.
fn files() -> Vec<(String, String)> {
    let root = source_root();
    let mut found = Vec::new();
    sources(&root, &mut found);
    let name = |path: &PathBuf| path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
    found
        .iter()
        .map(|path| (name(path), fs::read_to_string(path).unwrap()))
        .collect()
}

/// The modules that a text names after `crate::`.
fn imports(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
        for part in line.split("crate::").skip(1) {
            let name: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            found.push(name);
        }
    }
    found
}

#[test]
fn modules_import_only_from_above() {
    let rank = |name: &str| ORDER.iter().position(|known| *known == name);
    let mut wrong = Vec::new();
    for (name, text) in files() {
        let station = name
            .split('/')
            .next()
            .unwrap_or_default()
            .trim_end_matches(".rs")
            .to_owned();
        let Some(own) = rank(&station) else { continue };
        for import in imports(&text) {
            if rank(&import).is_some_and(|other| other > own) {
                wrong.push(format!("{name} imports {import}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "imports from stations further down:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_station_stands_in_the_table() {
    let lib = fs::read_to_string(source_root().join("lib.rs")).unwrap();
    let declared: Vec<&str> = lib
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod "))
        .map(|line| line.trim_end_matches(';'))
        .collect();
    let mut sorted = ORDER.to_vec();
    sorted.sort_unstable();
    assert_eq!(declared, sorted);
    let table: Vec<String> = lib
        .lines()
        .filter_map(|line| line.strip_prefix("//! | [`"))
        .map(|line| line.split('`').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(table, ORDER);
}

#[test]
fn unsafe_code_is_fenced() {
    for (name, text) in files() {
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let holds = code
            .clone()
            .any(|line| line.contains("unsafe {") || line.contains("unsafe fn"));
        let fenced = UNSAFE.iter().any(|place| name.starts_with(place));
        assert!(!holds || fenced, "{name} holds unsafe code");
    }
}

#[test]
fn one_file_reads_a_clock() {
    for (name, text) in files() {
        let reads = text.contains("Instant::now") || text.contains("SystemTime::now");
        assert!(!reads || name == CLOCK, "{name} reads a clock");
    }
}
