//! Follows a job until it comes to rest: with bars where somebody looks on, line by line otherwise.

mod display;

use crate::api::Api;
use crate::exit::{Done, Exit, Failure};
use crate::jobs::stopped;
use crate::output::read;
use display::Display;
use domain::job::State;
use domain::view::job::{Line, Whole};
use eventsource_stream::Eventsource;
use futures::StreamExt;
use serde_json::Value;
use std::time::Duration;

/// Between two tries to hear on, and how many fail in a row before that is told.
const AGAIN: Duration = Duration::from_secs(1);
const TRIES: u32 = 60;

pub(crate) async fn watch(what: &str, api: &Api) -> Done {
    let job = job_of(what, api).await?;
    let mut display = Display::new();
    let (mut last, mut failed) = (0, 0);
    loop {
        match listen(&job, &mut last, &mut display, api).await {
            Ok(Some(whole)) => return rest(&job, last, &whole, display, api).await,
            Ok(None) => failed = 0,
            Err(failure) if failure.exit == Exit::Unreachable && failed < TRIES => failed += 1,
            Err(failure) => return Err(failure),
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// Itself, or the newest job of the environment of this name.
async fn job_of(what: &str, api: &Api) -> Result<String, Failure> {
    match api.get(&["jobs", what], &[]).await {
        Ok(_) => return Ok(what.to_owned()),
        Err(failure) if failure.exit == Exit::NotFound => {}
        Err(failure) => return Err(failure),
    }
    let environment = api.get(&["environments", what], &[]).await?.body;
    let newest = environment["jobs"][0]["id"].as_str().map(str::to_owned);
    newest.ok_or_else(|| {
        let said = match environment["waits"].as_str() {
            Some(request) => format!("{what} has no job yet: request {request} waits for its decision."),
            None => format!("{what} has no job."),
        };
        Failure::new(Exit::Conflict, said)
    })
}

/// Hears until the job rests, which is answered, or the portal says to come back.
async fn listen(job: &str, last: &mut i64, display: &mut Display, api: &Api) -> Result<Option<Whole>, Failure> {
    let behind = last.to_string();
    let answer = api.listen(&["jobs", job, "events"], &[], Some(&behind)).await?;
    let mut events = answer.bytes_stream().eventsource();
    while let Some(event) = events.next().await {
        // A connection that broke off is made anew.
        let Ok(event) = event else { return Ok(None) };
        match event.event.as_str() {
            "now" => {
                let whole: Whole = of_text(&event.data)?;
                display.now(&whole);
                if !whole.row.state.moving() {
                    return Ok(Some(whole));
                }
            }
            "line" => {
                let line: Line = of_text(&event.data)?;
                *last = line.number;
                display.line(&line);
            }
            "again" => return Ok(None),
            _ => {}
        }
    }
    Ok(None)
}

fn of_text<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Failure> {
    read(&serde_json::from_str::<Value>(text).unwrap_or_default())
}

/// The lines that are left, and how it ended.
async fn rest(job: &str, mut last: i64, whole: &Whole, mut display: Display, api: &Api) -> Done {
    loop {
        let query = [("after", last.to_string()), ("limit", "200".to_owned())];
        let query: Vec<(&str, &str)> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let page = api.get(&["jobs", job, "events"], &query).await?.body;
        let lines: Vec<Line> = read(&page["rows"])?;
        let Some(newest) = lines.last() else { break };
        last = newest.number;
        lines.iter().for_each(|line| display.line(line));
    }
    display.end();
    let row = &whole.row;
    anstream::println!("{}: {}", row.title, row.state.word().to_lowercase());
    match row.state {
        State::Succeeded => Ok(Exit::Ok),
        _ => {
            anstream::print!("{}", stopped(whole));
            Ok(Exit::JobFailed)
        }
    }
}
