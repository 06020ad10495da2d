//! Everything that the account may see: what happened, and what happens.

use crate::api::Api;
use crate::exit::{Done, Exit, Failure};
use crate::output::{Output, at, read, table};
use clap::Args;
use domain::feed::{Detail, Event, Page};
use eventsource_stream::Eventsource;
use futures::StreamExt;
use serde_json::Value;
use std::time::Duration;

#[derive(Debug, Args)]
pub struct Asked {
    /// Goes on with what comes, one event a line; with --output json one document a line.
    #[arg(long, short)]
    follow: bool,
    /// Kinds, with commas between them: job.changed,request.decided.
    #[arg(long, default_value_t)]
    kind: String,
    /// Name of an environment; --follow ends when it is gone.
    #[arg(long, default_value_t)]
    environment: String,
    /// Name of a team.
    #[arg(long, default_value_t)]
    team: String,
    /// Cursor behind which to begin.
    #[arg(long, default_value_t)]
    after: String,
    /// Events of one page, 1 to 200.
    #[arg(long, default_value_t = 50)]
    limit: u32,
}

/// Between two tries to hear on, and how many fail in a row before that is told.
const AGAIN: Duration = Duration::from_secs(1);
const TRIES: u32 = 60;

impl Asked {
    fn path(&self) -> Vec<&str> {
        match self.environment.as_str() {
            "" => vec!["events"],
            name => vec!["environments", name, "events"],
        }
    }
}

pub(crate) async fn run(asked: &Asked, api: &Api, output: Output) -> Done {
    if asked.follow {
        return follow(asked, api, output).await;
    }
    let limit = asked.limit.to_string();
    let query = [("kind", asked.kind.as_str()), ("team", &asked.team), ("after", &asked.after), ("limit", &limit)];
    let answer = api.get(&asked.path(), &query).await?.body;
    output.show(&answer, || {
        let page: Page = read(&answer)?;
        let row = |event: &Event| {
            vec![
                event.id.clone(),
                at(event.at),
                event.kind.key().to_owned(),
                event.environment.clone(),
                said(&event.detail),
            ]
        };
        let rows = table(&["ID", "WHEN", "KIND", "ENVIRONMENT", "WHAT"], page.rows.iter().map(row));
        Ok(format!("{rows}\n\nGo on with --after {}", page.cursor))
    })?;
    Ok(Exit::Ok)
}

/// What is known of it, in one line.
fn said(detail: &Detail) -> String {
    let state = match (&detail.before, &detail.state) {
        (Some(before), Some(state)) => Some(format!("{before} → {state}")),
        (_, state) => state.clone(),
    };
    let checks = detail.passed.map(|passed| {
        let of = |count: Option<usize>| count.unwrap_or_default();
        format!("{passed} passed, {} failed, {} could not tell", of(detail.failed), of(detail.open))
    });
    let differs = (!detail.differences.is_empty()).then(|| detail.differences.join("; "));
    let by = detail.by.as_ref().map(|by| format!("by {by}"));
    let parts = [detail.title.clone(), state, checks, detail.why.clone(), differs, by];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

async fn follow(asked: &Asked, api: &Api, output: Output) -> Done {
    let (mut last, mut failed) = (Some(asked.after.clone()).filter(|after| !after.is_empty()), 0);
    loop {
        match listen(asked, &mut last, api, output).await {
            Ok(true) => return Ok(Exit::Ok),
            Ok(false) => failed = 0,
            Err(failure) if failure.exit == Exit::Unreachable && failed < TRIES => failed += 1,
            Err(failure) => return Err(failure),
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// True where nothing more will come.
async fn listen(asked: &Asked, last: &mut Option<String>, api: &Api, output: Output) -> Result<bool, Failure> {
    let query = [("kind", asked.kind.as_str()), ("team", asked.team.as_str())];
    let answer = api.listen(&asked.path(), &query, last.as_deref()).await?;
    let mut events = answer.bytes_stream().eventsource();
    while let Some(event) = events.next().await {
        // A connection that broke off is made anew.
        let Ok(event) = event else { return Ok(false) };
        match event.event.as_str() {
            "end" => return Ok(true),
            "again" => return Ok(false),
            "begin" => {
                *last = Some(event.id);
                continue;
            }
            _ => {}
        }
        let text = event.data;
        let happened: Event = read(&serde_json::from_str::<Value>(&text).unwrap_or_default())?;
        *last = Some(happened.id.clone());
        match output {
            Output::Json => anstream::println!("{text}"),
            Output::Yaml => anstream::println!("---\n{}", serde_saphyr::to_string(&happened).unwrap_or_default()),
            Output::Table => {
                let (when, what) = (at(happened.at), said(&happened.detail));
                anstream::println!("{when}  {}  {}  {what}", happened.kind.key(), happened.environment);
            }
        }
    }
    Ok(false)
}
