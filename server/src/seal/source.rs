//! Where the keys are kept: a file of one key a line, a text, or a file that a key of a vault opens; the oldest first.

use super::Error;
use super::key::new_text;
use super::vault::InVault;
use azure::VaultKeys;
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
    Vault(VaultKeys, InVault),
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Source::File(path) => path.display().fmt(f),
            Source::Text(_) => f.write_str("seal_key_text"),
            Source::Vault(_, place) => write!(f, "{}, wrapped with {}", place.wrapped.display(), place.vault_key),
        }
    }
}

impl Source {
    /// What stands there.
    pub(super) async fn read(&self) -> Result<SecretString, Error> {
        match self {
            Source::Text(text) => Ok(text.clone()),
            Source::File(path) => of_file(path),
            Source::Vault(vault, place) => place.read(vault).await,
        }
    }

    /// What stands there now; nothing is made.
    pub(super) async fn read_again(&self) -> Result<SecretString, Error> {
        match self {
            Source::File(path) | Source::Vault(_, InVault { wrapped: path, .. }) if !path.exists() => {
                Err(Error::File(path.display().to_string(), "it is gone".to_owned()))
            }
            _ => self.read().await,
        }
    }

    /// Adds a new key as the last one.
    pub(super) async fn grow(&self) -> Result<(), Error> {
        let (path, line) = match self {
            Source::Text(_) => return Err(Error::NotOurs(self.to_string())),
            Source::File(path) => (path, Zeroizing::new(format!("{}\n", *new_text()))),
            Source::Vault(vault, place) => (&place.wrapped, Zeroizing::new(place.wrap(vault, &new_text()).await?)),
        };
        append(path, &line).map_err(|error| Error::Append(path.display().to_string(), error.to_string()))
    }
}

/// Of several servers that start at the same time one makes the file, whole, and all read it.
pub(super) fn of_file(path: &Path) -> Result<SecretString, Error> {
    let failed = |error: std::io::Error| Error::File(path.display().to_string(), error.to_string());
    if !path.exists() {
        put(path, new_text().as_bytes()).map_err(failed)?;
    }
    std::fs::read_to_string(path).map(SecretString::from).map_err(failed)
}

/// In one write at the end, so that the file keeps its owner and its mode.
fn append(path: &Path, line: &str) -> std::io::Result<()> {
    let ends = Zeroizing::new(std::fs::read_to_string(path)?);
    let before = if ends.is_empty() || ends.ends_with('\n') { "" } else { "\n" };
    let line = Zeroizing::new(format!("{before}{line}"));
    let mut file = OpenOptions::new().append(true).open(path)?;
    file.write_all(line.as_bytes())?;
    file.sync_all()
}

/// Writes it beside its place, then puts it there unless something is there by now.
pub(super) fn put(path: &Path, text: &[u8]) -> std::io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", uuid::Uuid::now_v7()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(text).and_then(|()| file.sync_all())?;
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
