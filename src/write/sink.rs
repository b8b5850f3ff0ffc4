//! The place under a name: stdout, a pipe, a device, or a file that appears whole when it is done.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use super::output::{OutputError, failed};

/// Takes bytes for a place. A file that is dropped without [`Sink::finish`] never appears.
pub(super) enum Sink {
    /// Written directly: stdout, pipes, devices.
    Direct(Box<dyn Write + Send>),
    /// Written beside and renamed at the end.
    Beside(NamedTempFile),
}

impl Sink {
    /// Opens the place `path`; `-` is stdout.
    pub(super) fn open(path: &Path) -> Result<Self, OutputError> {
        let fail = |error: io::Error| failed(path, &error);
        if path == Path::new("-") {
            return Ok(Self::Direct(Box::new(io::stdout())));
        }
        if std::fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir()) {
            return Ok(Self::Direct(Box::new(
                File::options().write(true).open(path).map_err(fail)?,
            )));
        }
        if path.is_dir() {
            return Err(fail(io::Error::other("it is a directory; name a file")));
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(".varpulis-").suffix(".part");
        Ok(Self::Beside(builder.tempfile_in(folder_of(path)).map_err(fail)?))
    }

    /// Whether what is written is gone from our hands at once.
    pub(super) fn is_direct(&self) -> bool {
        matches!(self, Self::Direct(_))
    }

    /// Ends the writing; a file gets its name.
    pub(super) fn finish(mut self, path: &Path) -> Result<(), OutputError> {
        let fail = |error: io::Error| failed(path, &error);
        self.flush().map_err(fail)?;
        if let Self::Beside(file) = self {
            give_usual_mode(file.as_file()).map_err(fail)?;
            file.persist(path).map_err(|error| fail(error.error))?;
        }
        Ok(())
    }
}

/// The folder that a file is in, for what is written beside it.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Direct(to) => to.write(bytes),
            Self::Beside(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Direct(to) => to.flush(),
            Self::Beside(file) => file.flush(),
        }
    }
}

/// Temporary files are private; what gets its name has the mode that any new file would have.
fn give_usual_mode(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mask = umask();
    file.set_permissions(std::fs::Permissions::from_mode(0o666 & !mask))
}

/// The process's umask, read without changing it.
fn umask() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    line.and_then(|text| u32::from_str_radix(text.trim(), 8).ok())
        .unwrap_or(0o022)
}
