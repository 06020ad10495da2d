//! What may be typed.

use crate::output::Output;
use crate::{environments, events, jobs, login, plans, requests};
use clap::{Args, Subcommand};
use clap_complete::Shell;

/// For every command that asks a portal.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Address of the portal; otherwise KEYSTEAD_SERVER, otherwise that of `keystead login`.
    #[arg(long, global = true, help_heading = "As a client")]
    pub(crate) server: Option<String>,
    /// How answers are shown.
    #[arg(long, short, global = true, value_enum, default_value_t, help_heading = "As a client")]
    pub(crate) output: Output,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Signs in by a code that is typed in a browser, or takes a token, and remembers portal and token.
    Login(login::Login),
    /// Forgets them.
    Logout,
    /// Says whose the token is.
    Whoami,
    /// Environments: listed, asked for, changed, checked, destroyed.
    #[command(subcommand)]
    Env(environments::Asked),
    /// Shows what a form would do, without asking for it.
    Plan(plans::Asked),
    /// Requests: listed, shown, decided on.
    #[command(subcommand)]
    Request(requests::Asked),
    /// Approves a request, after showing its plan.
    Approve(requests::Approval),
    /// Jobs: listed, shown, stopped and sent on.
    #[command(subcommand)]
    Job(jobs::Asked),
    /// Follows a job, or the newest one of an environment, until it comes to rest.
    Watch(Watched),
    /// What happened, and with --follow what happens.
    Events(events::Asked),
}

#[derive(Debug, Args)]
pub struct Watched {
    /// Id of a job, or name of an environment.
    pub(crate) what: String,
}

/// Writes what a shell needs to complete commands.
pub fn completions(shell: Shell, mut command: clap::Command) -> String {
    let mut written = Vec::new();
    clap_complete::generate(shell, &mut command, "keystead", &mut written);
    String::from_utf8_lossy(&written).into_owned()
}
