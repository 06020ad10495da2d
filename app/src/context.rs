//! What the server hands to every page beside the port: who asks, what this installation is, and how it shall look.

use domain::field::FieldError;
use serde::{Deserialize, Serialize};

/// What this installation says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installation {
    /// `0.1.0`.
    pub version: String,
    /// A line of the configuration for every page's foot: "Azure is simulated here, waits are 30 times shorter".
    pub footer: Option<String>,
    /// Where people sign in, as they know it: `contoso.example`.
    pub provider: String,
    /// Accounts to try, where the configuration names a sample directory.
    pub samples: Vec<Sample>,
}

/// An account of the sample directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// `member@contoso.example`.
    pub account: String,
    /// What it is for, in a word: "Payments", "approves".
    pub note: String,
}

/// Addresses of the page's files, each under the hash of its content. Where one is `None` (tests without a built
/// site), the page is whole without it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Site {
    /// `/pkg/style.HASH.css`.
    pub style: Option<String>,
    /// `/pkg/favicon.HASH.svg`.
    pub icon: Option<String>,
    /// `/pkg/start.HASH.js`: the module that loads the WebAssembly and hydrates.
    pub start: Option<String>,
    /// Modules that `start` imports, loaded beside it: `/pkg/app.HASH.js`.
    pub preload: Vec<String>,
    /// `/pkg/app.HASH.wasm`, fetched beside the modules.
    pub wasm: Option<String>,
}

/// How a person wants the pages to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    /// As the system says.
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Theme; 3] = [Theme::System, Theme::Light, Theme::Dark];

    /// As the cookie and the form write it.
    pub fn key(self) -> &'static str {
        match self {
            Theme::System => "system",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    pub fn of_key(key: &str) -> Option<Theme> {
        Theme::ALL.into_iter().find(|theme| theme.key() == key)
    }
}

/// The hash of the session that asks; empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Here(pub String);

/// What the last plain post has to say on the next page, once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash(pub Option<Notice>);

/// A text that was posted and refused, with a sentence for each wrong line; the page that answers shows it again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed(pub Option<(String, Vec<FieldError>)>);

/// A secret that was just made, with what it is: the page that answers is the only one that shows it. Not `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Once(pub Option<(String, String)>);

/// A sentence for the top of a page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub tone: Tone,
    pub text: String,
}

impl Notice {
    pub fn done(text: impl Into<String>) -> Notice {
        Notice { tone: Tone::Done, text: text.into() }
    }

    pub fn refused(text: impl Into<String>) -> Notice {
        Notice { tone: Tone::Refused, text: text.into() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tone {
    /// It was done.
    Done,
    /// It was not done; the text says why and what to do.
    Refused,
}
