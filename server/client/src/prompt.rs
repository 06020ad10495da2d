//! What is asked of the person at the terminal: a word of consent, and secrets, which are never arguments.

use crate::exit::{Failure, local};
use clap::Args;
use secrecy::SecretString;
use std::io::{BufRead, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};

/// Whether somebody sits before it.
fn somebody() -> bool {
    std::io::stdin().is_terminal()
}

/// Goes on where `--yes` was said or the person says so.
pub(crate) fn confirm(question: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !somebody() {
        return Err(Failure::usage(format!("{question} Nobody is here to answer: say --yes.")));
    }
    let mut out = std::io::stderr();
    let asked = write!(out, "{question} [y/N] ").and_then(|()| out.flush());
    asked.map_err(local("asking"))?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).map_err(local("reading the answer"))?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::new(crate::Exit::Failed, "Nothing was done.")),
    }
}

/// Where the password of the database user comes from; without any of them the template brings it.
#[derive(Debug, Default, Args)]
pub struct Password {
    /// Asks for the database user's password.
    #[arg(long, conflicts_with_all = ["password_stdin", "password_file"])]
    password: bool,
    /// Reads the database user's password from the standard input.
    #[arg(long, conflicts_with = "password_file")]
    password_stdin: bool,
    /// Reads the database user's password from a file.
    #[arg(long)]
    password_file: Option<PathBuf>,
}

impl Password {
    pub(crate) fn read(&self) -> Result<Option<SecretString>, Failure> {
        match &self.password_file {
            Some(path) => of_file(path).map(Some),
            None if self.password_stdin => of_input().map(Some),
            None if self.password => typed("Password of the database user").map(Some),
            None => Ok(None),
        }
    }
}

/// What was piped in, where anything was.
pub(crate) fn piped() -> Result<Option<SecretString>, Failure> {
    if somebody() {
        return Ok(None);
    }
    let mut text = String::new();
    std::io::stdin().lock().read_to_string(&mut text).map_err(local("reading the standard input"))?;
    let text = text.trim_end_matches(['\r', '\n']);
    Ok((!text.is_empty()).then(|| SecretString::from(text.to_owned())))
}

/// A secret that is typed where somebody sits before the terminal, and otherwise read from the input.
pub(crate) fn secret(what: &str) -> Result<SecretString, Failure> {
    if somebody() { typed(what) } else { of_input() }
}

fn typed(what: &str) -> Result<SecretString, Failure> {
    let typed = rpassword::prompt_password(format!("{what}: ")).map_err(local("reading what is typed"))?;
    kept(typed, what)
}

fn of_input() -> Result<SecretString, Failure> {
    let mut text = String::new();
    std::io::stdin().lock().read_to_string(&mut text).map_err(local("reading the standard input"))?;
    kept(text, "The standard input")
}

pub(crate) fn of_file(path: &Path) -> Result<SecretString, Failure> {
    let what = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(local(&format!("reading {what}")))?;
    kept(text, &what)
}

fn kept(text: String, what: &str) -> Result<SecretString, Failure> {
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err(Failure::usage(format!("{what}: nothing was given.")));
    }
    Ok(SecretString::from(text.to_owned()))
}
