//! The command line, and the short commands that work beside a running server.

mod key;
mod token;

use crate::audit::{evidence, verify};
use crate::clock::Clock;
use crate::config::Given;
use crate::store::{self, Store, Use};
use clap::{Args, Parser, Subcommand};
use std::io::BufRead;
use std::path::{Path, PathBuf};

pub use key::{Key, key};
pub use token::token;

/// Ask for an Azure environment in one form, approve it, watch it being made, see it proved.
#[derive(Debug, Parser)]
#[command(name = "keystead", version, after_help = keystead_client::EXIT_CODES)]
pub struct CommandLine {
    /// Configuration file; without it `keystead.toml` in the current folder, where there is one.
    #[arg(long, global = true)]
    pub config: Option<PathBuf>,
    #[command(flatten)]
    pub client: keystead_client::Options,
    #[command(subcommand)]
    pub command: Option<Said>,
}

/// What is asked: of this program, or of a portal.
#[derive(Debug, Subcommand)]
pub enum Said {
    #[command(flatten)]
    Here(Command),
    #[command(flatten)]
    Client(keystead_client::Command),
    /// Writes what a shell needs to complete commands: `keystead completions bash > /etc/bash_completion.d/keystead`.
    Completions { shell: keystead_client::Shell },
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serves the portal (what happens without a command).
    Serve,
    /// Tokens of programs.
    #[command(subcommand)]
    Token(Token),
    /// The record of what was done.
    #[command(subcommand)]
    Audit(Audit),
    /// Keys that seal secrets.
    #[command(subcommand)]
    Key(Key),
    /// Brings the database's schema up to date, and looks after what it repeats of its logs.
    Migrate(Migrate),
}

#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Checks an export of the record, or the evidence of an environment, with nothing but the file: says which line was altered, removed, inserted or
    /// moved; the exit code is 1 where there is any.
    Verify {
        /// JSON Lines or an archive, as the page of the record writes them.
        file: PathBuf,
        /// Public key that has to have signed it, in base64; several, or with blanks between them, where the sealing key
        /// was changed. Without it the keys that the file itself names count.
        #[arg(long = "key")]
        keys: Vec<String>,
    },
    /// Shows the public keys that this installation's record is signed with, one a line, the oldest first: each new
    /// sealing key brings another.
    Key,
}

#[derive(Debug, Subcommand)]
pub enum Token {
    /// Makes a token with the roles of the account's last sign-in, and shows it once.
    Create(token::Create),
}

#[derive(Debug, Args)]
pub struct Migrate {
    /// Changes nothing: says which migrations are still to be run, and how many rows differ from their logs; the exit
    /// code is 1 where there are any.
    #[arg(long, conflicts_with = "refold")]
    check: bool,
    /// Folds every log again and writes the rows anew.
    #[arg(long)]
    refold: bool,
    /// The key that sealed secrets is lost: takes the present one, and deletes what no key opens any more.
    #[arg(long, conflicts_with_all = ["refold", "check"])]
    new_seal_key: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Seal(#[from] crate::seal::Error),
    #[error(transparent)]
    Azure(#[from] azure::Error),
    #[error("{0}")]
    Refused(String),
}

/// Answers a key, or what a file amounts to; refuses where it is not as it was sealed.
pub async fn audit(given: &Given, audit: &Audit) -> Result<String, CommandError> {
    match audit {
        Audit::Key => Ok(key::keys(given).await?.public_keys().join("\n")),
        Audit::Verify { file, keys } => {
            let keys: Vec<String> = keys.iter().flat_map(|keys| keys.split_whitespace()).map(str::to_owned).collect();
            verify(file, &keys)
        }
    }
}

fn verify(path: &Path, keys: &[String]) -> Result<String, CommandError> {
    let unread = |error: std::io::Error| CommandError::Refused(format!("reading {}: {error}", path.display()));
    let mut file = std::io::BufReader::new(std::fs::File::open(path).map_err(unread)?);
    let (whole, signed, findings) = if evidence::is_archive(file.fill_buf().map_err(unread)?) {
        let report = evidence::verify(file, keys).map_err(unread)?;
        (format!("whole: {} files", report.files), report.keys, report.findings)
    } else {
        let report = verify::verify(file, keys).map_err(unread)?;
        let (entries, left_out, checkpoints) = (report.entries, report.left_out, report.checkpoints);
        let whole = format!("whole: {entries} entries, {left_out} left out by its filter, {checkpoints} checkpoints");
        let found = report.findings.into_iter().map(|found| format!("line {}: {}", found.line, found.what));
        (whole, report.keys, found.collect())
    };
    if !findings.is_empty() {
        let said = findings.join("\n");
        return Err(CommandError::Refused(format!("{said}\nnot as it was exported: {} findings", findings.len())));
    }
    let signed: Vec<&str> = signed.iter().map(String::as_str).collect();
    let whose = match keys {
        [] => ", as the file itself says: hold it against `keystead audit key` or the page of the record",
        _ => "",
    };
    Ok(format!("{whole}\nsigned with {}{whose}", signed.join(" and ")))
}

/// Does what is asked and answers a sentence, or refuses where a check found something.
pub async fn migrate(given: &Given, migrate: &Migrate, clock: &Clock) -> Result<String, CommandError> {
    if migrate.check {
        return check(given).await;
    }
    if migrate.new_seal_key {
        return key::take_newest(given, clock).await;
    }
    let store = open(given).await?;
    if migrate.refold {
        let mended = store::refold::refold(&store, clock.now()).await?;
        return Ok(format!("{mended} rows were not as their logs say, and are now"));
    }
    Ok("the schema is up to date".to_owned())
}

async fn check(given: &Given) -> Result<String, CommandError> {
    let store = Store::open(&given.database()?, Use::Look).await?;
    let schema = store.schema().await?;
    if !schema.missing.is_empty() {
        let missing = schema.missing.join(", ");
        return Err(CommandError::Refused(format!("still to be run: {missing}; `keystead migrate` runs them")));
    }
    let stands = match schema.newer.last() {
        None => "the schema is up to date".to_owned(),
        Some(newest) => format!("the schema is newer than this program: it has migration {newest}"),
    };
    match store::refold::differing(&store).await? {
        0 => Ok(format!("{stands}, and every row is as its log says")),
        differing => Err(CommandError::Refused(format!(
            "{differing} rows are not as their logs say; `keystead migrate --refold` mends them"
        ))),
    }
}

async fn open(given: &Given) -> Result<Store, CommandError> {
    Ok(Store::open(&given.database()?, Use::Command).await?)
}
