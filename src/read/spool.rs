//! Inputs that must be read twice and cannot: they are copied into a file without a name.
//!
//! The bytes are copied as they come, compressed or not; the file is gone when it is closed, however
//! the run ends.

use std::fs::File;
use std::io::{self, Seek};
use std::path::Path;

/// A file to read now, and where its name leads to no such file, the same to read it again.
///
/// # Errors
/// When reading, or writing the copy, fails.
pub(super) fn readable_again(mut file: File, path: &Path) -> io::Result<(File, Option<File>)> {
    let stdin = path.as_os_str() == "-";
    if file.metadata()?.is_file() {
        // Stdin may be a file of which somebody has read a part already.
        if !stdin {
            return Ok((file, None));
        }
        if file.stream_position()? == 0 {
            let kept = file.try_clone()?;
            return Ok((file, Some(kept)));
        }
    }
    let mut copy = tempfile::tempfile()?;
    io::copy(&mut file, &mut copy)?;
    copy.rewind()?;
    let kept = copy.try_clone()?;
    Ok((copy, Some(kept)))
}
