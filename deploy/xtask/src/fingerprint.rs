//! Knows whether anything has changed since something was made, by the content of what it was made from.

use std::path::{Path, PathBuf};
use std::{fs, io};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::place;

/// What a thing was made from: files and folders below the root, and words such as a profile.
pub struct Fingerprint {
    name: &'static str,
    digest: String,
}

impl Fingerprint {
    /// Reads the inputs now, before anything is made from them, so that a change meanwhile is seen the next time.
    pub fn of(name: &'static str, inputs: &[&str], words: &[String]) -> Result<Self> {
        let mut digest = Sha256::new();
        for input in inputs {
            let path = place::root().join(input);
            add(&mut digest, &path).with_context(|| format!("reading {}", path.display()))?;
        }
        for word in words {
            digest.update(word.as_bytes());
            digest.update([0]);
        }
        Ok(Self { name, digest: hex::encode(digest.finalize()) })
    }

    /// Whether the things were made from just these inputs, and are still there.
    pub fn is_current(&self, made: &[PathBuf]) -> bool {
        made.iter().all(|path| path.exists()) && fs::read_to_string(self.path()).is_ok_and(|known| known == self.digest)
    }

    /// Remembers that the things have been made.
    pub fn remember(&self) -> Result<()> {
        fs::create_dir_all(place::memory())?;
        fs::write(self.path(), &self.digest).with_context(|| format!("writing {}", self.path().display()))
    }

    fn path(&self) -> PathBuf {
        place::memory().join(format!("{}.fingerprint", self.name))
    }
}

/// Adds a file, or a folder in the order of names; what tools leave behind is passed over, what is missing is nothing.
fn add(digest: &mut Sha256, path: &Path) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if ["target", "node_modules", "test-results", "__pycache__"].contains(&name.as_ref()) {
        return Ok(());
    }
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(about) if about.is_dir() => {
            let mut entries =
                fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
            entries.sort();
            entries.iter().try_for_each(|entry| add(digest, entry))
        }
        Ok(about) => {
            digest.update(path.to_string_lossy().as_bytes());
            digest.update(about.len().to_le_bytes());
            digest.update(fs::read(path)?);
            Ok(())
        }
    }
}
