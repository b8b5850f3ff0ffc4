//! From names to files: globs in sorted order, directories refused by name, missing files reported
//! with the nearest name that is there.

use std::path::{Path, PathBuf};

use super::{InputSpec, ReadError};
use crate::diag::nearest;

/// The inputs with every glob replaced by the files it matches, in byte order of their names.
///
/// What exists under its own name is no glob, even if it holds a `*`. As in a shell, `*` and `?` do
/// not match `/` nor a leading point; `**` walks directories, directories themselves are left out.
///
/// # Errors
/// When a file is not there, is a directory, or a glob matches no file.
pub fn expand(specs: &[InputSpec]) -> Result<Vec<InputSpec>, ReadError> {
    let mut out = Vec::with_capacity(specs.len());
    for spec in specs {
        if spec.path.as_os_str() == "-" || is_there(&spec.path)? {
            out.push(spec.clone());
            continue;
        }
        match spec.path.to_str().filter(|text| text.contains(['*', '?', '['])) {
            Some(pattern) => out.extend(
                matches(pattern)?
                    .into_iter()
                    .map(|path| InputSpec { path, ..spec.clone() }),
            ),
            None => return Err(missing(&spec.path)),
        }
    }
    Ok(out)
}

/// Whether the path is a file (or pipe, or device).
fn is_there(path: &Path) -> Result<bool, ReadError> {
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_dir() => Err(directory(path)),
        Ok(_) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(ReadError::new(path, super::open::io_reason(&error))),
    }
}

fn matches(pattern: &str) -> Result<Vec<PathBuf>, ReadError> {
    let refuse = |reason: String| ReadError {
        path: pattern.to_owned(),
        reason,
    };
    let options = glob::MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        require_literal_leading_dot: true,
    };
    let found = glob::glob_with(pattern, options).map_err(|error| refuse(format!("not a pattern: {}", error.msg)))?;
    let mut files = Vec::new();
    for path in found {
        let path = path.map_err(|error| ReadError::new(error.path(), super::open::io_reason(error.error())))?;
        if !path.is_dir() {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(refuse("no file matches".to_owned()));
    }
    files.sort();
    Ok(files)
}

/// The error for a directory where a file is wanted.
pub(super) fn directory(path: &Path) -> ReadError {
    let pattern = path.join("*.jsonl");
    ReadError::new(
        path,
        format!(
            "it is a directory; name its files, for instance `{}`",
            pattern.display()
        ),
    )
}

/// The error for a file that is not there, with the nearest name that is.
pub(super) fn missing(path: &Path) -> ReadError {
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    let Ok(entries) = std::fs::read_dir(dir) else {
        return ReadError::new(path, format!("there is no directory `{}`", dir.display()));
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let near = nearest(name.as_deref().unwrap_or_default(), names.iter().map(String::as_str));
    ReadError::new(
        path,
        match near {
            Some(near) => format!(
                "there is no such file; did you mean `{}`?",
                path.with_file_name(near).display()
            ),
            None => "there is no such file".to_owned(),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specs(paths: &[PathBuf]) -> Vec<InputSpec> {
        paths
            .iter()
            .map(|path| InputSpec {
                path: path.clone(),
                event_type: Some("T".into()),
                ..InputSpec::default()
            })
            .collect()
    }

    #[test]
    fn globs_are_sorted_and_keep_the_order_of_the_command_line() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b.jsonl", "a.jsonl", "z.csv", ".h.jsonl", "x[1].jsonl"] {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        std::fs::create_dir(dir.path().join("c.jsonl")).unwrap();
        let asked = specs(&[
            dir.path().join("z.csv"),
            dir.path().join("?.jsonl"),
            dir.path().join("x[1].jsonl"),
        ]);
        let names: Vec<_> = expand(&asked)
            .unwrap()
            .into_iter()
            .map(|spec| {
                (
                    spec.path.file_name().unwrap().to_str().unwrap().to_owned(),
                    spec.event_type.unwrap(),
                )
            })
            .collect();
        assert_eq!(
            names,
            ["z.csv", "a.jsonl", "b.jsonl", "x[1].jsonl"].map(|name| (name.to_owned(), "T".to_owned()))
        );
    }

    #[test]
    fn what_is_not_there_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let reason = |path: &Path| expand(&specs(&[path.to_owned()])).unwrap_err().reason;
        assert!(reason(dir.path()).starts_with("it is a directory; name its files, for instance `"));
        assert_eq!(reason(&dir.path().join("x.jsonl")), "there is no such file");
        assert_eq!(reason(&dir.path().join("*.jsonl")), "no file matches");
        assert!(reason(&dir.path().join("no/x.jsonl")).starts_with("there is no directory `"));
        assert!(reason(&dir.path().join("a***b")).starts_with("not a pattern: "));
    }
}
