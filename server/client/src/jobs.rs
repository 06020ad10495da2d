//! Jobs: listed, shown, stopped, sent on, rolled back.

use crate::api::Api;
use crate::exit::{Done, Exit, Failure};
use crate::output::{Output, at, facts, read, table, word};
use crate::prompt::Password;
use clap::Subcommand;
use domain::moment::duration;
use domain::view::Page;
use domain::view::job::{Row, Whole};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

#[derive(Debug, Subcommand)]
pub enum Asked {
    /// Lists jobs, newest first.
    List {
        /// Name of an environment.
        #[arg(long, default_value_t)]
        environment: String,
        /// Name of a team.
        #[arg(long, default_value_t)]
        team: String,
        /// `running`, `needs-person`, `succeeded` …
        #[arg(long, default_value_t)]
        state: String,
    },
    /// Shows a job with its steps.
    Show { id: String },
    /// Stops it after the steps at work; what was made stays.
    Cancel {
        id: String,
        #[arg(long)]
        reason: String,
    },
    /// Lets it go on from where it stopped.
    Retry {
        id: String,
        #[arg(long, default_value_t)]
        reason: String,
        #[command(flatten)]
        password: Password,
    },
    /// Removes again what it made.
    RollBack {
        id: String,
        #[arg(long)]
        reason: String,
    },
    /// Takes it from a worker that hangs; another goes on.
    TakeOver {
        id: String,
        #[arg(long)]
        reason: String,
    },
}

pub(crate) async fn run(asked: Asked, api: &Api, output: Output) -> Done {
    let why = |reason: &str| json!({ "reason": reason });
    match &asked {
        Asked::List { environment, team, state } => list(environment, team, state, api, output).await,
        Asked::Show { id } => show(&api.get(&["jobs", id], &[]).await?.body, output),
        Asked::Cancel { id, reason } => say(id, "cancel", why(reason), api, output).await,
        Asked::RollBack { id, reason } => say(id, "roll-back", why(reason), api, output).await,
        Asked::TakeOver { id, reason } => say(id, "take-over", why(reason), api, output).await,
        Asked::Retry { id, reason, password } => {
            let mut body = why(reason);
            if let Some(password) = password.read()? {
                body[domain::form::PASSWORD] = json!(password.expose_secret());
            }
            say(id, "retry", body, api, output).await
        }
    }
}

async fn list(environment: &str, team: &str, state: &str, api: &Api, output: Output) -> Done {
    let query = [("environment", environment), ("team", team), ("state", state)];
    let answer = api.get(&["jobs"], &query).await?.body;
    let page: Page<Row> = read(&answer)?;
    output.show(&answer, || {
        let row = |row: Row| {
            let steps = format!("{}/{}", row.steps_done, row.steps);
            vec![row.id.to_string(), row.title, word(&row.state), steps, at(row.started)]
        };
        Ok(table(&["ID", "TITLE", "STATE", "STEPS", "STARTED"], page.rows.into_iter().map(row)))
    })?;
    Ok(Exit::Ok)
}

fn show(answer: &Value, output: Output) -> Done {
    output.show(answer, || shown(answer))?;
    Ok(Exit::Ok)
}

fn shown(answer: &Value) -> Result<String, Failure> {
    let whole: Whole = read(answer)?;
    let row = &whole.row;
    let told = facts(&[
        ("Job", row.id.to_string()),
        ("Does", row.title.clone()),
        ("State", word(&row.state)),
        ("Approved by", whole.approved_by.clone()),
        ("Took", duration(whole.took_ms)),
        ("Turn", whole.turn.map(|turn| turn.sentence()).unwrap_or_default()),
    ]);
    let steps = whole.steps.iter();
    let steps = steps.map(|step| vec![step.title.clone(), word(&step.state), step.resource.clone(), step.note.clone()]);
    let steps = table(&["STEP", "STATE", "RESOURCE", "NOTE"], steps);
    Ok(format!("{told}\n{steps}\n{}", stopped(&whole)))
}

/// Why it stopped and what to do, where it did.
pub(crate) fn stopped(whole: &Whole) -> String {
    let Some(failure) = &whole.failure else { return String::new() };
    let quote = failure.quote.iter().map(|quote| format!("  {quote}\n")).collect::<String>();
    format!("\n{}\n{quote}  {}\n  {}\n", failure.title, failure.cause, failure.remedy)
}

/// Says a word to the job as it was just read.
async fn say(id: &str, word: &str, body: Value, api: &Api, output: Output) -> Done {
    let state = api.get(&["jobs", id], &[]).await?.state();
    show(&api.change(&["jobs", id, word], Some(&body), &state).await?.body, output)
}
