//! Reads the folder that holds the page's files.

use std::path::Path;
use std::{fs, io};

use bytes::Bytes;

/// Name and content of each file; none when the folder is not there.
pub(crate) fn folder(folder: &Path) -> io::Result<Vec<(String, Bytes)>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            let name = entry.file_name().to_string_lossy().into_owned();
            files.push((name, Bytes::from(fs::read(entry.path())?)));
        }
    }
    Ok(files)
}
