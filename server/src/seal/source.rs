//! Where the keys are kept: a file of one key a line, or a text that the configuration was given; the oldest first.

use super::Error;
use super::key::new_text;
use secrecy::{ExposeSecret, SecretString};
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// One place; every server of a database has the same keys there.
#[derive(Clone, Debug)]
pub enum Source {
    /// Made with a new key and mode 0600 where it is missing.
    File(PathBuf),
    /// `KEYSTEAD__SEAL_KEY_TEXT`: keys with blanks between them.
    Text(SecretString),
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Source::File(path) => path.display().fmt(f),
            Source::Text(_) => f.write_str("seal_key_text"),
        }
    }
}

impl Source {
    /// What stands there. Of several servers that start at the same time one makes the file, whole, and all read it.
    pub(super) fn read(&self) -> Result<SecretString, Error> {
        match self {
            Source::Text(text) => Ok(text.clone()),
            Source::File(path) => {
                let failed = |error: std::io::Error| Error::File(path.display().to_string(), error.to_string());
                if !path.exists() {
                    make(path).map_err(failed)?;
                }
                std::fs::read_to_string(path).map(SecretString::from).map_err(failed)
            }
        }
    }

    /// What stands there now, where that can have changed since the start.
    pub(super) fn read_again(&self) -> Option<SecretString> {
        match self {
            Source::Text(_) => None,
            Source::File(path) => std::fs::read_to_string(path).ok().map(SecretString::from),
        }
    }

    /// Adds a new key as the last one.
    pub(super) fn grow(&self) -> Result<(), Error> {
        let Source::File(path) = self else { return Err(Error::NotOurs(self.to_string())) };
        append(path).map_err(|error| Error::Append(path.display().to_string(), error.to_string()))
    }
}

/// In one write at the end, so that the file keeps its owner and its mode.
fn append(path: &Path) -> std::io::Result<()> {
    let ends = Zeroizing::new(std::fs::read_to_string(path)?);
    let before = if ends.is_empty() || ends.ends_with('\n') { "" } else { "\n" };
    let line = Zeroizing::new(format!("{before}{}\n", *new_text()));
    let mut file = OpenOptions::new().append(true).open(path)?;
    file.write_all(line.as_bytes())?;
    file.sync_all()
}

/// Writes a new key beside its place, then puts it there unless another one is there by now.
fn make(path: &Path) -> std::io::Result<()> {
    let text: Zeroizing<String> = new_text();
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", uuid::Uuid::now_v7()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all())?;
    let put = match std::fs::hard_link(&beside, path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        put => put,
    };
    std::fs::remove_file(&beside)?;
    put
}

/// The keys in a text, whatever stands between them.
pub(super) fn words(text: &SecretString) -> impl Iterator<Item = &str> {
    text.expose_secret().split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty())
}
