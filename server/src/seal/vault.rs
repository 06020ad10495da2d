//! Keys that lie wrapped in a file: one a line, the oldest first, and only a key of a Key Vault opens them.

use super::Error;
use super::key::new_text;
use super::source::{put, words};
use azure::{VaultKeys, Wrapped};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Which key of which vault, and the file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InVault {
    /// `https://kv-keystead.vault.azure.net/keys/seal`; its newest version wraps.
    pub vault_key: String,
    /// Made with a new key where it is missing; may be read by anybody.
    pub wrapped: PathBuf,
}

impl InVault {
    /// What the lines hold, once the vault has opened them. Of several servers that start at the same time one makes the
    /// file, and all read it.
    pub(super) async fn read(&self, vault: &VaultKeys) -> Result<SecretString, Error> {
        if !self.wrapped.exists() {
            let line = self.wrap(vault, &new_text()).await?;
            put(&self.wrapped, line.as_bytes()).map_err(|error| self.unwritten(&error))?;
        }
        let text = std::fs::read_to_string(&self.wrapped).map_err(|error| self.unwritten(&error))?;
        let mut texts = Zeroizing::new(String::new());
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let (key, value) = line.trim().split_once(' ').ok_or_else(|| Error::NotWrapped(named(&self.wrapped)))?;
            let wrapped = Wrapped { key: key.to_owned(), value: value.to_owned() };
            let opened = vault.unwrap(&wrapped).await.map_err(|error| self.refused(error))?;
            let bytes = URL_SAFE_NO_PAD.decode(opened.expose_secret().trim_end_matches('='));
            let bytes = Zeroizing::new(bytes.map_err(|_| Error::NotWrapped(named(&self.wrapped)))?);
            texts.push_str(&Zeroizing::new(STANDARD.encode(&*bytes)));
            texts.push('\n');
        }
        Ok(SecretString::from(texts.as_str()))
    }

    /// Makes the file of the keys that lay in another one until now, in their order; how many they are.
    pub async fn take_over(&self, vault: &VaultKeys, from: &Path) -> Result<usize, Error> {
        let text = SecretString::from(
            std::fs::read_to_string(from).map_err(|error| Error::File(named(from), error.to_string()))?,
        );
        let mut lines = Vec::new();
        for key in words(&text) {
            lines.push(self.wrap(vault, key).await?);
        }
        if self.wrapped.exists() {
            return Err(Error::Standing(named(&self.wrapped)));
        }
        put(&self.wrapped, lines.concat().as_bytes()).map_err(|error| self.unwritten(&error))?;
        Ok(lines.len())
    }

    /// A key as a line.
    pub(super) async fn wrap(&self, vault: &VaultKeys, text: &str) -> Result<String, Error> {
        let bytes = Zeroizing::new(STANDARD.decode(text).map_err(|_| Error::NotAKey)?);
        let text = SecretString::from(URL_SAFE_NO_PAD.encode(&*bytes));
        let wrapped = vault.wrap(&self.vault_key, &text).await.map_err(|error| self.refused(error))?;
        Ok(format!("{} {}\n", wrapped.key, wrapped.value))
    }

    fn refused(&self, error: azure::Error) -> Error {
        Error::Vault(self.vault_key.clone(), error)
    }

    fn unwritten(&self, error: &std::io::Error) -> Error {
        Error::File(named(&self.wrapped), error.to_string())
    }
}

fn named(path: &Path) -> String {
    path.display().to_string()
}
