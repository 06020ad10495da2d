//! Which portal is asked, and with which token: said, in the environment, or kept in a file that only its owner reads.

mod device;

use crate::Options;
use crate::api::Api;
use crate::exit::{Done, Exit, Failure, local};
use crate::output::{Output, facts};
use crate::prompt;
use clap::Args;
use etcetera::BaseStrategy;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::{Path, PathBuf};
use url::Url;

#[derive(Debug, Args)]
pub struct Login {
    /// Asks for a token that was made before, or reads it from the standard input.
    #[arg(long)]
    token: bool,
    /// Reads such a token from a file.
    #[arg(long, value_name = "FILE", conflicts_with = "token")]
    token_file: Option<PathBuf>,
    /// What the new token is called on the portal's page of tokens; otherwise after this machine.
    #[arg(long, conflicts_with_all = ["token", "token_file"])]
    name: Option<String>,
}

/// A portal, and the token that it knows one by.
pub(crate) struct Known {
    pub server: Url,
    pub token: SecretString,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    server: String,
    token: String,
}

const SERVER: &str = "KEYSTEAD_SERVER";
const TOKEN: &str = "KEYSTEAD_TOKEN";

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// What is said counts first, then the environment, then the file.
pub(crate) fn known(options: &Options) -> Result<Known, Failure> {
    let kept = kept()?;
    let said = options.server.clone().or_else(|| variable(SERVER));
    let server = said.clone().or_else(|| kept.as_ref().map(|kept| kept.server.clone()));
    let server = address(&server.ok_or_else(|| {
        Failure::usage("No portal is known: `keystead login --server URL`, or set KEYSTEAD_SERVER and KEYSTEAD_TOKEN.")
    })?)?;
    // A token goes to the portal that it was kept for, and to no other.
    let fits = |kept: &Kept| address(&kept.server).is_ok_and(|of| of == server);
    let token = variable(TOKEN).or_else(|| kept.filter(fits).map(|kept| kept.token));
    let token = token.ok_or_else(|| {
        let said =
            format!("No token for {server} is known: `keystead login --server {server}`, or set KEYSTEAD_TOKEN.");
        Failure::new(Exit::Refused, said)
    })?;
    Ok(Known { server, token: SecretString::from(token) })
}

fn address(text: &str) -> Result<Url, Failure> {
    let wrong = || Failure::usage(format!("{text} is no address of a portal: https://keystead.contoso.example"));
    let url = Url::parse(text).map_err(|_| wrong())?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() { Ok(url) } else { Err(wrong()) }
}

fn path() -> Result<PathBuf, Failure> {
    let base = etcetera::choose_base_strategy();
    let base = base.map_err(|error| Failure::new(Exit::Failed, format!("finding the home folder: {error}")))?;
    Ok(base.config_dir().join("keystead").join("login.toml"))
}

fn kept() -> Result<Option<Kept>, Failure> {
    let path = path()?;
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(local(&format!("reading {}", path.display()))(error)),
    };
    let unread = |_| Failure::new(Exit::Failed, format!("{} does not read; log in anew.", path.display()));
    toml::from_str(&text).map(Some).map_err(unread)
}

/// Nobody else can read it at any moment; a half-written one replaces nothing.
fn keep(path: &Path, kept: &Kept) -> Result<(), Failure> {
    let failed = local(&format!("writing {}", path.display()));
    let text = toml::to_string(kept).map_err(|error| Failure::new(Exit::Failed, error.to_string()))?;
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder).map_err(&failed)?;
    let beside = path.with_extension("new");
    let _ = std::fs::remove_file(&beside);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written =
        options.open(&beside).and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.and_then(|()| std::fs::rename(&beside, path)).map_err(&failed)
}

pub(crate) async fn login(login: &Login, options: &Options) -> Done {
    let server = options.server.clone().or_else(|| variable(SERVER));
    let server = address(&server.ok_or_else(|| Failure::usage("Say which portal: `keystead login --server URL`."))?)?;
    let token = match &login.token_file {
        Some(path) => prompt::of_file(path)?,
        None if login.token => prompt::secret("Token")?,
        None => match prompt::piped()? {
            Some(token) => token,
            None => device::sign_in(&server, login.name.as_deref()).await?,
        },
    };
    let known = Known { server, token };
    let me = Api::of(&known)?.get(&["me"], &[]).await?.body;
    let kept = Kept { server: known.server.to_string(), token: known.token.expose_secret().to_owned() };
    keep(&path()?, &kept)?;
    let account = me["account"].as_str().unwrap_or_default();
    anstream::println!("Logged in at {} as {account}.", known.server);
    Ok(Exit::Ok)
}

pub(crate) fn logout() -> Done {
    let path = path()?;
    match std::fs::remove_file(&path) {
        Ok(()) => anstream::println!("The token is forgotten here. It stays valid until it expires or is revoked."),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => anstream::println!("Nobody was logged in."),
        Err(error) => return Err(local(&format!("removing {}", path.display()))(error)),
    }
    Ok(Exit::Ok)
}

pub(crate) async fn whoami(api: &Api, output: Output) -> Done {
    let me = api.get(&["me"], &[]).await?.body;
    let list = |name: &str| {
        let words = me[name].as_array().into_iter().flatten().filter_map(|word| word.as_str());
        words.collect::<Vec<_>>().join(", ")
    };
    let account = me["account"].as_str().unwrap_or_default().to_owned();
    output.show(&me, || {
        Ok(facts(&[
            ("Account", account.clone()),
            ("Roles", list("roles")),
            ("Teams", list("teams")),
            ("Portal", api.server().to_string()),
        ]))
    })?;
    Ok(Exit::Ok)
}
