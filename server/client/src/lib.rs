//! The command line as a client of a portal: it speaks the REST API, and uses nothing of the server but `domain`.

mod access;
mod api;
mod arguments;
mod document;
mod environments;
mod events;
mod exit;
mod form;
mod jobs;
mod login;
mod output;
mod plans;
mod prompt;
mod requests;
mod retry;
mod secrets;
mod watch;

pub use arguments::{Command, Options, completions};
pub use clap_complete::Shell;
pub use exit::{EXIT_CODES, Exit};

use api::Api;
use exit::Done;

/// Does what is asked, says what came of it, and answers the exit code.
pub async fn run(command: Command, options: &Options) -> Exit {
    match carried_out(command, options).await {
        Ok(exit) => exit,
        Err(failure) => {
            failure.say();
            failure.exit
        }
    }
}

async fn carried_out(command: Command, options: &Options) -> Done {
    match command {
        Command::Login(login) => return login::login(&login, options).await,
        Command::Logout => return login::logout(),
        _ => {}
    }
    let api = Api::of(&login::known(options)?)?;
    let output = options.output;
    match command {
        Command::Login(_) | Command::Logout => Ok(Exit::Ok),
        Command::Whoami => login::whoami(&api, output).await,
        Command::Env(asked) => environments::run(asked, &api, output).await,
        Command::Plan(asked) => plans::plan(&asked, &api, output).await,
        Command::Request(asked) => requests::run(asked, &api, output).await,
        Command::Approve(approval) => requests::approve(&approval, &api, output).await,
        Command::Job(asked) => jobs::run(asked, &api, output).await,
        Command::Watch(watched) => watch::watch(&watched.what, &api).await,
        Command::Events(asked) => events::run(&asked, &api, output).await,
    }
}
