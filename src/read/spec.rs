//! `Type=path`, `path`, `-`: an input as the command line names it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::{CsvOptions, Format, InputSpec, ReadError};

impl InputSpec {
    /// Reads an input as written on a command line. What exists as a file is a path, whatever it
    /// looks like; else the text before the first `=` is an event type, unless it holds a `/`.
    ///
    /// ```text
    /// events.jsonl      Trade=trades.csv      auth.login=logs/*.gz      Trade=-      a=b.jsonl (if there)
    /// ```
    ///
    /// # Errors
    /// When there is nothing before or after the `=`, or no text at all.
    pub fn parse(text: &OsStr, format: Format) -> Result<Self, ReadError> {
        let plain = |path: &OsStr, event_type: Option<&str>| Self {
            path: PathBuf::from(path),
            event_type: event_type.map(str::to_owned),
            format,
            csv: CsvOptions::default(),
        };
        let refuse = |reason: &str| {
            Err(ReadError {
                path: text.to_string_lossy().into_owned(),
                reason: reason.to_owned(),
            })
        };
        if text.is_empty() {
            return refuse("it has no name");
        }
        // A name that is not UTF-8 can only be a path.
        let Some((event_type, path)) = text.to_str().and_then(|text| text.split_once('=')) else {
            return Ok(plain(text, None));
        };
        if Path::new(text).exists() || event_type.contains('/') {
            return Ok(plain(text, None));
        }
        match (event_type, path) {
            ("", _) => refuse("there is no event type before the `=`"),
            (_, "") => refuse("there is no file after the `=`"),
            _ => Ok(plain(OsStr::new(path), Some(event_type))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (String, Option<String>) {
        let spec = InputSpec::parse(OsStr::new(text), Format::Auto).unwrap();
        (spec.path.display().to_string(), spec.event_type)
    }

    #[test]
    fn types_and_paths() {
        assert_eq!(parsed("events.jsonl"), ("events.jsonl".into(), None));
        assert_eq!(parsed("-"), ("-".into(), None));
        assert_eq!(parsed("Trade=-"), ("-".into(), Some("Trade".into())));
        assert_eq!(parsed("Trade=./t.csv"), ("./t.csv".into(), Some("Trade".into())));
        assert_eq!(
            parsed("auth.login=a=b.gz"),
            ("a=b.gz".into(), Some("auth.login".into()))
        );
        assert_eq!(parsed("logs/day=1/x.jsonl"), ("logs/day=1/x.jsonl".into(), None));
    }

    #[test]
    fn a_file_that_exists_is_a_path() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("day=1.jsonl");
        std::fs::write(&path, "").unwrap();
        let spec = InputSpec::parse(path.as_os_str(), Format::Auto).unwrap();
        assert_eq!((spec.path, spec.event_type), (path, None));
    }

    #[test]
    fn halves_are_refused() {
        for (text, why) in [
            ("=x", "cannot read `=x`: there is no event type before the `=`"),
            ("T=", "cannot read `T=`: there is no file after the `=`"),
            ("", "cannot read ``: it has no name"),
        ] {
            let error = InputSpec::parse(OsStr::new(text), Format::Auto).unwrap_err();
            assert_eq!(error.to_string(), why);
        }
    }
}
