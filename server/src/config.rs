//! The configuration: one file, the environment over it, and the embedded default under it where no subscription is named.
//!
//! `KEYSTEAD__SIGN_IN__ISSUER` sets `sign_in.issuer`. A text may quote a fact as `${azure.subscription_id}`: `data` is
//! the data folder, `programs` the folder of our own executable, everything else comes from the line `ready {…}` of the program that `azure.command` names.

mod callers;
mod check;
mod edge;
mod facts;
mod groups;
mod load;
mod notices;

use crate::seal::InVault;
use domain::account::Role;
use domain::approval::Policy;
use domain::cost::currency::Currency;
use domain::form::{Choices, NodeSizeChoice, RegionChoice};
use domain::name::PolicyName;
use domain::policy::InForce;
use domain::quota::Limits;
use domain::team::Team;
use domain::template::Template;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use url::Url;

pub use callers::{Issuer, Program, Tokens};
pub use edge::{Header, Proxy, RequestLimits, Tls};
pub use groups::{Groups, Known};
pub use load::{ConfigError, Given, SealKey};
pub use notices::{Mail, MailTls, Notices, Webhook};

/// Everything that an installation decides; [`Given::with_facts`] makes one, checked.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Folder of the database, the key file and what the program beside the portal keeps.
    pub data: PathBuf,
    /// Where to listen. Without it 127.0.0.1:4170, or the next free port.
    #[serde(default)]
    pub listen: Option<SocketAddr>,
    /// The address that people type; without it the one listened on.
    #[serde(default)]
    pub public: Option<Url>,
    /// The portal's own certificate; without it the portal speaks plain HTTP, for a proxy in front of it.
    #[serde(default)]
    pub tls: Option<Tls>,
    #[serde(default)]
    pub proxy: Proxy,
    #[serde(default)]
    pub limits: RequestLimits,
    /// `sqlite:PATH` or `postgres://…`; without it a file in the data folder.
    #[serde(default)]
    pub database: Option<String>,
    /// The file with the keys that seal secrets, one a line, the oldest first; made with mode 0600 where it is missing.
    /// Servers that share a database share it. Or a key of a vault, `{ vault_key = "https://…/keys/NAME", wrapped = FILE }`.
    #[serde(default)]
    pub seal_key: Option<SealKeyEntry>,
    /// The keys themselves, in place of a file, with blanks between them: `KEYSTEAD__SEAL_KEY_TEXT`.
    #[serde(default)]
    pub seal_key_text: Option<SecretString>,
    /// A line of text at the foot of every page.
    #[serde(default)]
    pub footer: Option<String>,
    /// In which prices are shown: one that Azure's list knows.
    #[serde(default)]
    pub currency: Currency,
    #[serde(default)]
    pub cost: Cost,
    pub azure: Azure,
    pub sign_in: SignIn,
    pub teams: Vec<TeamEntry>,
    pub templates: Vec<TemplateEntry>,
    /// Who has to approve what; the first that fits decides, and where none does a manager of the team.
    #[serde(default)]
    pub approvals: Vec<Policy>,
    /// What wishes should be like; shown on the page, and changed here alone.
    #[serde(default)]
    pub policies: Vec<domain::policy::Policy>,
    pub regions: Vec<RegionChoice>,
    pub node_sizes: Vec<NodeSizeChoice>,
    /// Versions that a cluster may have, newest first.
    pub kubernetes: Vec<String>,
    /// Log Analytics workspaces that environments may share, by ARM id.
    #[serde(default)]
    pub workspaces: Vec<String>,
    /// Without it nothing is mailed.
    #[serde(default)]
    pub mail: Option<Mail>,
    #[serde(default)]
    pub webhooks: Vec<Webhook>,
    #[serde(default)]
    pub notices: Notices,
    #[serde(default)]
    pub tokens: Tokens,
    /// Issuers of programs' tokens, beside Keystead itself.
    #[serde(default)]
    pub callers: Vec<Issuer>,
}

/// What is read from Azure Cost Management.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cost {
    /// Whether what was billed is shown beside the estimates.
    pub actual: bool,
    /// How often Azure is asked.
    pub every_minutes: u32,
}

impl Default for Cost {
    fn default() -> Cost {
        Cost { actual: false, every_minutes: 240 }
    }
}

/// Where the sealing keys are.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum SealKeyEntry {
    File(PathBuf),
    Vault(InVault),
}

impl Config {
    /// Its policies under the names that follow from their titles.
    pub fn policies_in_force(&self) -> Vec<InForce> {
        let named = |policy: &domain::policy::Policy| {
            let name = PolicyName::of_title(&policy.title).ok()?;
            Some(InForce { name, version: 0, judge: policy.clone() })
        };
        self.policies.iter().filter_map(named).collect()
    }

    /// What is offered, to everybody.
    pub fn choices(&self) -> Choices {
        Choices {
            teams: self.teams.iter().map(TeamEntry::team).collect(),
            regions: self.regions.clone(),
            templates: self.templates.iter().map(|entry| entry.template.clone()).collect(),
            node_sizes: self.node_sizes.clone(),
            kubernetes: self.kubernetes.clone(),
            workspaces: self.workspaces.clone(),
            lifetimes: Vec::new(),
        }
    }
}

/// How Azure is reached, and the program that is started beside the portal, if any. Not `Debug`: the proxy's address
/// may hold a key.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Azure {
    #[serde(default)]
    pub tenant_id: Option<String>,
    pub subscription_id: String,
    #[serde(default)]
    pub proxy: Option<Url>,
    #[serde(default)]
    pub no_proxy: Vec<String>,
    #[serde(default)]
    pub extra_ca: Option<PathBuf>,
    #[serde(default)]
    pub credential: azure::CredentialKind,
    #[serde(default)]
    pub cloud: azure::Cloud,
    /// Program and arguments; see [`Beside`].
    #[serde(default)]
    pub command: Vec<String>,
    /// Program and arguments that end it.
    #[serde(default)]
    pub stop: Vec<String>,
}

impl Azure {
    /// What the client of Azure is told.
    pub fn client(&self) -> azure::Config {
        azure::Config {
            tenant_id: self.tenant_id.clone(),
            subscription_id: self.subscription_id.clone(),
            proxy: self.proxy.clone(),
            no_proxy: self.no_proxy.clone(),
            extra_ca: self.extra_ca.clone(),
            credential: self.credential.clone(),
            cloud: self.cloud.clone(),
        }
    }
}

/// A program to start before anything else. It says `ready {…}` once what it offers can be used and lives on, or
/// `running {…}` where one that was started earlier still lives. A bare name is looked for beside our own executable
/// first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    pub command: Vec<String>,
    /// Ends it in order, whoever started it; may be empty.
    pub stop: Vec<String>,
}

/// The application at the identity provider that people sign in to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    pub issuer: String,
    pub client_id: String,
    /// How the portal proves itself, exactly one of three: a secret; an empty one is none.
    #[serde(default)]
    pub client_secret: Option<SecretString>,
    /// A file (PEM) with a certificate that the provider knows, and its RSA key.
    #[serde(default)]
    pub client_certificate: Option<PathBuf>,
    /// A file with a token of another issuer that the provider trusts, renewed by somebody else.
    #[serde(default)]
    pub client_assertion_file: Option<PathBuf>,
    /// The only directory (`tid` of the token) that is let in; without it the issuer alone decides.
    #[serde(default)]
    pub tenant_id: Option<String>,
    /// As the button says it: `contoso.example`.
    pub title: String,
    /// Values of the token's `roles` claim.
    #[serde(default = "default_roles")]
    pub roles: BTreeMap<String, Role>,
    /// How command lines sign people in.
    #[serde(default)]
    pub device: Device,
    /// Hours after which an unused session ends.
    #[serde(default = "default_idle_hours")]
    pub idle_hours: i64,
    /// Hours after which every session ends.
    #[serde(default = "default_longest_hours")]
    pub longest_hours: i64,
    /// Accounts to try, where the directory is a sample.
    #[serde(default)]
    pub samples: Vec<Sample>,
}

impl SignIn {
    /// The secret, where there is one.
    pub fn secret(&self) -> Option<&SecretString> {
        self.client_secret.as_ref().filter(|secret| !secret.expose_secret().trim().is_empty())
    }
}

/// `keystead login`: on a machine without a browser people sign in by a code (RFC 8628), where the provider offers that.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Device {
    /// Whether it is offered at all.
    pub offered: bool,
    /// An application of its own for it, without a secret; otherwise the one that people sign in to. Roles and groups are
    /// those of this one's tokens.
    pub client_id: Option<String>,
    /// What the command line asks for.
    pub scope: String,
    /// For how many days a command line stays logged in; never for more than `tokens.longest_days`.
    pub days: u32,
}

impl Default for Device {
    fn default() -> Device {
        Device { offered: true, client_id: None, scope: "openid profile email".to_owned(), days: 7 }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// `member@contoso.example`.
    pub account: String,
    /// "Payments", "approves".
    pub note: String,
}

/// A team, and who decides for it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeamEntry {
    pub name: domain::name::TeamName,
    pub title: String,
    /// Object id of its Entra group.
    pub group: String,
    /// Account names of managers who need not have signed in yet.
    #[serde(default)]
    pub managers: Vec<String>,
    /// Who bears what its environments cost: a tag (`cost-centre`) on all that is made for it from then on.
    #[serde(default)]
    pub cost_centre: Option<String>,
    /// What it may hold at a time; without it, as much as it likes.
    #[serde(default)]
    pub quota: Limits,
}

impl TeamEntry {
    pub fn team(&self) -> Team {
        Team {
            name: self.name.clone(),
            title: self.title.clone(),
            group: self.group.clone(),
            cost_centre: self.cost_centre.as_ref().map(|centre| centre.trim().to_owned()),
        }
    }
}

/// A template, with the file that holds its database's password.
#[derive(Clone, Debug, Deserialize)]
pub struct TemplateEntry {
    #[serde(flatten)]
    pub template: Template,
    /// Read at submit, never kept.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
}

fn default_roles() -> BTreeMap<String, Role> {
    let words = ["member", "manager", "platform-engineer", "auditor"];
    words.into_iter().map(str::to_owned).zip(Role::ALL).collect()
}

fn default_idle_hours() -> i64 {
    12
}

fn default_longest_hours() -> i64 {
    24 * 7
}
