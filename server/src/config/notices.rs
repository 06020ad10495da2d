//! How people are told: the mail server, signed webhooks, and when somebody is reminded.

use domain::name::TeamName;
use domain::notice::Kind;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::PathBuf;
use url::Url;

/// A server that takes mail over SMTP.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// `smtp.contoso.example`, or with another port than is usual for `tls`: `smtp.contoso.example:2525`.
    pub server: String,
    #[serde(default)]
    pub tls: MailTls,
    #[serde(default)]
    pub user: Option<String>,
    #[serde(default)]
    pub password: Option<SecretString>,
    /// A file that holds the password, in place of it.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// An authority that is trusted beside the system's, as PEM.
    #[serde(default)]
    pub extra_ca: Option<PathBuf>,
    /// `Keystead <keystead@contoso.example>`.
    pub from: String,
    #[serde(default)]
    pub reply_to: Option<String>,
}

/// What protects the way to the mail server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailTls {
    /// Nothing; for a server on the same machine.
    None,
    /// The connection is turned into a protected one before anything is said; it is given up where that is refused.
    #[default]
    Starttls,
    /// Protected from the first byte.
    Implicit,
}

impl MailTls {
    fn port(self) -> u16 {
        match self {
            MailTls::None => 25,
            MailTls::Starttls => 587,
            MailTls::Implicit => 465,
        }
    }
}

impl Mail {
    /// Host and port.
    pub fn place(&self) -> Option<(String, u16)> {
        let (host, port) = match self.server.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok()?),
            None => (self.server.as_str(), self.tls.port()),
        };
        (!host.is_empty()).then(|| (host.to_owned(), port))
    }
}

/// An address that is told of events, signed by the Standard Webhooks specification. Not `Debug`: the address may hold a
/// key.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Under which it is shown, and recognised over changes of the address.
    pub name: String,
    pub url: Url,
    /// `whsec_` and 24 to 64 random bytes in base64.
    pub secret: SecretString,
    /// Whose events; without it everybody's.
    #[serde(default)]
    pub teams: Vec<TeamName>,
    /// Which; without it all.
    #[serde(default)]
    pub events: Vec<Kind>,
    /// Whether it may lie on this machine or in a private network.
    #[serde(default)]
    pub allow_inside: bool,
}

impl Webhook {
    pub fn wants(&self, kind: Kind, team: Option<&TeamName>) -> bool {
        let team = self.teams.is_empty() || team.is_some_and(|team| self.teams.contains(team));
        team && (self.events.is_empty() || self.events.contains(&kind))
    }

    /// What signs; `None` where the secret is not of that form.
    pub fn key(&self) -> Option<Vec<u8>> {
        use base64::Engine as _;
        let text = self.secret.expose_secret().strip_prefix("whsec_")?;
        let key = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
        (24..=64).contains(&key.len()).then_some(key)
    }
}

/// When people are told of what does not happen.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Notices {
    /// After so many hours those who have not answered a request are reminded, and daily from then on.
    pub remind_hours: u32,
    /// So many days before an environment reaches the end of its lifetime its owner is told; before half of the lifetime
    /// has passed nobody is.
    pub expires_days: u32,
    /// Whether webhooks that teams subscribe may lie on this machine or in a private network.
    pub allow_inside: bool,
}

impl Default for Notices {
    fn default() -> Notices {
        Notices { remind_hours: 24, expires_days: 3, allow_inside: false }
    }
}

/// What would have to be otherwise.
pub(super) fn sentences(config: &super::Config) -> Vec<String> {
    let mut wrong = Vec::new();
    if let Some(mail) = &config.mail {
        if mail.place().is_none() {
            wrong.push("mail.server is a host, or a host with a port: smtp.contoso.example:587.".to_owned());
        }
        if mail.user.is_some() != (mail.password.is_some() || mail.password_file.is_some()) {
            wrong.push("mail.user comes with mail.password or mail.password_file.".to_owned());
        }
    }
    if config.notices.remind_hours == 0 {
        wrong.push("notices.remind_hours is at least 1.".to_owned());
    }
    let mut seen = BTreeSet::new();
    for webhook in &config.webhooks {
        let name = &webhook.name;
        if name.trim().is_empty() || !seen.insert(name.as_str()) {
            wrong.push(format!("Each of webhooks has a name of its own; \"{name}\" is none."));
        }
        let scheme = webhook.url.scheme();
        if scheme != "https" && !(scheme == "http" && webhook.allow_inside) {
            wrong
                .push(format!("The webhook {name} begins with https://; with http:// only where allow_inside is set."));
        }
        if webhook.key().is_none() {
            wrong.push(format!("The webhook {name} needs a secret: whsec_ and 24 to 64 random bytes in base64."));
        }
        if !webhook.teams.iter().all(|team| config.teams.iter().any(|known| known.name == *team)) {
            wrong.push(format!("The webhook {name} names an unknown team."));
        }
    }
    wrong
}
