//! Requests: listed, shown with their plans, approved, rejected, taken back, talked about.

use crate::api::{Answer, Api};
use crate::exit::{Done, Exit};
use crate::output::{Output, at, facts, read, table, word};
use crate::{plans, prompt};
use clap::{Args, Subcommand, ValueEnum};
use domain::view::request::{Row, Whole};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Debug, Subcommand)]
pub enum Asked {
    /// Lists requests, newest first.
    List {
        #[arg(long, value_enum, default_value_t)]
        show: Show,
    },
    /// Shows a request with its plan, and what was said of it.
    Show { id: String },
    /// Approves it, after showing its plan.
    Approve(Approval),
    /// Rejects it: the name that it held is free.
    Reject {
        id: String,
        /// What would make the next one better.
        #[arg(long, short)]
        comment: String,
    },
    /// Sends it back to the one who asked.
    SendBack {
        id: String,
        /// What should be otherwise.
        #[arg(long, short)]
        comment: String,
    },
    /// Takes back a request of one's own.
    Withdraw { id: String },
    /// Says something about it.
    Comment {
        id: String,
        #[arg(long, short)]
        comment: String,
    },
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum Show {
    #[default]
    All,
    Mine,
    /// What waits for one's own decision.
    Inbox,
    Decided,
}

#[derive(Debug, Args)]
pub struct Approval {
    id: String,
    #[arg(long, short, default_value_t)]
    comment: String,
    /// Digest of the plan that was read before; another one is not approved.
    #[arg(long)]
    digest: Option<String>,
    /// Does not ask again.
    #[arg(long, short)]
    yes: bool,
}

pub(crate) async fn run(asked: Asked, api: &Api, output: Output) -> Done {
    let commented = |comment: &str| json!({ "comment": comment });
    let answer = match &asked {
        Asked::List { show } => return list(*show, api, output).await,
        Asked::Show { id } => api.get(&["requests", id], &[]).await?,
        Asked::Approve(approval) => return approve(approval, api, output).await,
        Asked::Reject { id, comment } => say(api, id, "rejection", Some(commented(comment))).await?,
        Asked::SendBack { id, comment } => say(api, id, "changes", Some(commented(comment))).await?,
        Asked::Withdraw { id } => say(api, id, "withdrawal", None).await?,
        Asked::Comment { id, comment } => say(api, id, "comments", Some(commented(comment))).await?,
    };
    show(&answer.body, output, matches!(asked, Asked::Show { .. }))
}

/// A page of the list.
#[derive(Deserialize)]
struct Rows {
    rows: Vec<Row>,
}

async fn list(show: Show, api: &Api, output: Output) -> Done {
    let answer = api.get(&["requests"], &[("show", &format!("{show:?}").to_lowercase())]).await?.body;
    let page: Rows = read(&answer)?;
    output.show(&answer, || {
        let row = |row: Row| {
            vec![row.id.to_string(), word(&row.kind), row.environment, word(&row.state), row.requester, at(row.sent)]
        };
        Ok(table(&["ID", "KIND", "ENVIRONMENT", "STATE", "REQUESTER", "SENT"], page.rows.into_iter().map(row)))
    })?;
    Ok(Exit::Ok)
}

/// Says something to the request as it was just read.
async fn say(api: &Api, id: &str, what: &str, body: Option<Value>) -> Result<Answer, crate::exit::Failure> {
    let read = api.get(&["requests", id], &[]).await?;
    api.change(&["requests", id, what], body.as_ref(), &read.state()).await
}

/// A request, with its plan where that is wanted.
pub(crate) fn show(answer: &Value, output: Output, with_plan: bool) -> Done {
    let whole: Whole = read(answer)?;
    output.show(answer, || {
        let row = &whole.row;
        let told = facts(&[
            ("Request", row.id.to_string()),
            ("Asks", row.kind.title(&row.environment)),
            ("Team", row.team.clone()),
            ("State", word(&row.state)),
            ("Requester", row.requester.clone()),
            ("Reason", row.reason.clone()),
            ("Decider", whole.decider.clone()),
            ("Comment", whole.comment.clone().unwrap_or_default()),
            ("Job", whole.job.as_ref().map(ToString::to_string).unwrap_or_default()),
            ("Digest", whole.digest.clone()),
        ]);
        if !with_plan {
            return Ok(told);
        }
        let said = whole.record.iter().map(|entry| {
            let by = entry.by.clone().unwrap_or_else(|| "Keystead".to_owned());
            vec![at(entry.at), word(&entry.word), by, entry.text.replace('\n', "; ")]
        });
        let said: Vec<Vec<String>> = said.collect();
        let record = match said.is_empty() {
            true => String::new(),
            false => format!("\n{}\n", table(&["WHEN", "WHAT", "WHO", "WORDS"], said)),
        };
        Ok(format!("{told}\n{}{record}", plans::of_answer(answer)?))
    })?;
    Ok(Exit::Ok)
}

pub(crate) async fn approve(approval: &Approval, api: &Api, output: Output) -> Done {
    let Approval { id, comment, digest, yes } = approval;
    let seen = api.get(&["requests", id], &[]).await?;
    let whole: Whole = read(&seen.body)?;
    let digest = digest.clone().unwrap_or_else(|| whole.digest.clone());
    if !yes {
        let title = whole.row.kind.title(&whole.row.environment);
        anstream::eprintln!("{title}, asked for by {}\n\n{}", whole.row.requester, plans::of_answer(&seen.body)?);
        prompt::confirm(&format!("Approve the plan {digest}?"), false)?;
    }
    let body = json!({ "comment": comment, "digest": digest, "level": whole.level });
    let answer = api.change(&["requests", id, "approval"], Some(&body), &seen.state()).await?;
    let job = answer.body["job"].as_str().map(str::to_owned).or_else(|| answer.leads_to("jobs"));
    output.show(&answer.body, || {
        Ok(match &job {
            Some(job) => format!("Approved. Job {job} has begun: keystead watch {job}"),
            None => "Approved. It begins when everybody who is asked has approved, or needs no job.".to_owned(),
        })
    })?;
    Ok(Exit::Ok)
}
