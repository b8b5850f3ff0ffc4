//! The pages of the commands are those that the arguments' definitions give.

use std::fs;
use std::path::Path;
use std::process::Command;

/// To renew them: `cargo run -- man man`.
#[test]
fn pages_are_as_the_arguments_say() {
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_varpulis"))
        .arg("man")
        .arg(folder.path())
        .status()
        .unwrap();
    assert!(status.success());
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("man");
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "varpulis-check.1",
            "varpulis-completions.1",
            "varpulis-embed.1",
            "varpulis-explain.1",
            "varpulis-run.1",
            "varpulis-why.1",
            "varpulis.1"
        ]
    );
    for name in names {
        let made = fs::read_to_string(folder.path().join(&name)).unwrap();
        let page = fs::read_to_string(kept.join(&name)).unwrap_or_default();
        assert_eq!(page, made, "{} is not up to date", name.to_string_lossy());
    }
}
