//! Environments: listed, shown, asked for, changed, destroyed, released, checked, proved.

use crate::api::{Answer, Api};
use crate::exit::{Done, Exit, Failure, local};
use crate::output::{Output, at, facts, read, table, word};
use crate::prompt::{Password, confirm};
use crate::{access, document, form, plans, requests, secrets};
use clap::{Args, Subcommand, ValueEnum};
use domain::check::Verdict;
use domain::view::environment::{Row, Validation, Whole};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Subcommand)]
pub enum Asked {
    /// Lists environments: what needs a person first, then by name.
    List {
        #[arg(long, value_enum, default_value_t)]
        show: Show,
        /// Name of a team.
        #[arg(long, default_value_t)]
        team: String,
        /// Part of a name, an owner or an Azure resource.
        #[arg(long, default_value_t)]
        search: String,
    },
    /// Shows an environment with its newest checks and jobs.
    Show { name: String },
    /// Asks for a new one, by a form or by a plan that was made before.
    #[command(visible_alias = "create")]
    Request(New),
    /// Asks that it become another one: what the form leaves out stays as it is.
    Change(Change),
    /// Puts the whole wish: asks for what is not there or differs, and for nothing where it stands like this.
    Apply(Apply),
    /// Asks that nothing of it stay, after showing what that would do.
    Destroy {
        name: String,
        /// Azure keeps nothing of the vault, and its name is free at once.
        #[arg(long)]
        purge: bool,
        #[arg(long, default_value_t)]
        reason: String,
        /// Does not ask again.
        #[arg(long, short)]
        yes: bool,
    },
    /// Asks that Keystead let go of it, while Azure keeps it.
    Release {
        name: String,
        #[arg(long)]
        reason: String,
        /// Does not ask again.
        #[arg(long, short)]
        yes: bool,
    },
    /// Runs the checks again; with --wait until they have ended.
    Validate {
        name: String,
        #[arg(long)]
        wait: bool,
    },
    /// Tells who could read its secrets, and who did.
    Access {
        name: String,
        /// Who could then: a minute in UTC, 2026-11-27T09:30.
        #[arg(long, default_value_t)]
        at: String,
        /// Of one secret alone.
        #[arg(long, default_value_t)]
        secret: String,
    },
    /// Lists the secrets in its vault: versions and ages, never a value.
    Secrets { name: String },
    /// Sets the database user's password in its vault, from the terminal or the standard input.
    SetPassword { name: String },
    /// Saves everything that proves how it came to be what it is; `keystead audit verify` checks the file.
    Evidence {
        name: String,
        /// Where to; NAME-evidence.zip without it.
        #[arg(long)]
        to: Option<PathBuf>,
    },
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum Show {
    #[default]
    All,
    Mine,
    NeedsPerson,
    Gone,
}

#[derive(Debug, Args)]
pub struct New {
    /// The form: YAML or JSON, `-` for the standard input.
    #[arg(short, long, required_unless_present = "plan", conflicts_with_all = ["plan", "digest"])]
    file: Option<PathBuf>,
    /// Id of a plan of `keystead plan`.
    #[arg(long, requires = "digest")]
    plan: Option<String>,
    /// Digest of that plan.
    #[arg(long, requires = "plan")]
    digest: Option<String>,
    #[command(flatten)]
    password: Password,
}

#[derive(Debug, Args)]
pub struct Change {
    name: String,
    /// The form: YAML or JSON, `-` for the standard input.
    #[arg(short, long)]
    file: PathBuf,
}

#[derive(Debug, Args)]
pub struct Apply {
    /// The form: YAML or JSON, `-` for the standard input.
    #[arg(short, long)]
    file: PathBuf,
    #[command(flatten)]
    password: Password,
}

pub(crate) async fn run(asked: Asked, api: &Api, output: Output) -> Done {
    match asked {
        Asked::List { show, team, search } => list(show, &team, &search, api, output).await,
        Asked::Show { name } => show(&name, api, output).await,
        Asked::Request(new) => request(&new, api, output).await,
        Asked::Change(Change { name, file }) => {
            let body = Value::Object(form::answers(&form::read(&file)?));
            let state = api.get(&["environments", &name], &[]).await?.state();
            let sent = api.change(&["environments", &name, "change"], Some(&body), &state).await?;
            requests::show(&sent.body, output, false)
        }
        Asked::Apply(apply) => put(&apply, api, output).await,
        Asked::Destroy { name, purge, reason, yes } => {
            let query = [("purge", if purge { "true" } else { "false" })];
            let planned = api.get(&["environments", &name, "destruction"], &query).await?;
            let body = json!({ "purge": purge, "reason": reason });
            end(&name, "destruction", &planned, body, yes, api, output).await
        }
        Asked::Release { name, reason, yes } => {
            let planned = api.get(&["environments", &name, "release"], &[]).await?;
            end(&name, "release", &planned, json!({ "reason": reason }), yes, api, output).await
        }
        Asked::Validate { name, wait } => validate(&name, wait, api, output).await,
        Asked::Access { name, at, secret } => access::show(&name, &at, &secret, api, output).await,
        Asked::Secrets { name } => secrets::list(&name, api, output).await,
        Asked::SetPassword { name } => secrets::set(&name, api, output).await,
        Asked::Evidence { name, to } => {
            let to = to.unwrap_or_else(|| PathBuf::from(format!("{name}-evidence.zip")));
            let file = api.file(&["environments", &name, "evidence"]).await?;
            std::fs::write(&to, file).map_err(local(&format!("writing {}", to.display())))?;
            anstream::println!("{}", to.display());
            Ok(Exit::Ok)
        }
    }
}

async fn list(show: Show, team: &str, search: &str, api: &Api, output: Output) -> Done {
    let show = show.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    let (mut rows, mut after): (Vec<Value>, _) = (Vec::new(), String::new());
    loop {
        let query = [("show", show.as_str()), ("team", team), ("search", search), ("after", after.as_str())];
        let mut page = api.get(&["environments"], &query).await?.body;
        if let Some(more) = page["rows"].as_array_mut() {
            rows.append(more);
        }
        match page["next"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => break,
        }
    }
    let answer = json!({ "rows": rows, "next": null });
    output.show(&answer, || {
        let rows: Vec<Row> = read(&answer["rows"])?;
        let row = |row: Row| vec![row.name, row.team, word(&row.state), row.detail, row.region, row.owner];
        Ok(table(&["NAME", "TEAM", "STATE", "DETAIL", "REGION", "OWNER"], rows.into_iter().map(row)))
    })?;
    Ok(Exit::Ok)
}

async fn show(name: &str, api: &Api, output: Output) -> Done {
    let answer = api.get(&["environments", name], &[]).await?.body;
    output.show(&answer, || shown(&answer))?;
    Ok(Exit::Ok)
}

fn shown(answer: &Value) -> Result<String, Failure> {
    let Whole { row, template, address, waits, jobs, validation, drift, .. } = read(answer)?;
    let told = facts(&[
        ("Environment", row.name),
        ("Team", row.team),
        ("State", format!("{} {}", word(&row.state), row.detail).trim().to_owned()),
        ("Template", template),
        ("Region", row.region),
        ("Owner", row.owner),
        ("Ends", row.ends.map(at).unwrap_or_default()),
        ("Monthly", row.monthly.map(|monthly| monthly.said()).unwrap_or_default()),
        ("Address", address.unwrap_or_default()),
        ("Waits", waits.map(|request| format!("request {request}")).unwrap_or_default()),
    ]);
    let mut parts = vec![told];
    if !jobs.is_empty() {
        let rows = jobs.into_iter().map(|job| vec![job.id.to_string(), job.title, word(&job.state), at(job.started)]);
        parts.push(table(&["JOB", "TITLE", "STATE", "STARTED"], rows));
    }
    parts.extend(validation.as_ref().map(checks));
    let differs: Vec<String> = drift.iter().flat_map(|drift| &drift.lines).map(|line| line.sentence()).collect();
    if !differs.is_empty() {
        parts.push(format!("Not as approved\n  {}", differs.join("\n  ")));
    }
    Ok(parts.join("\n\n").replace("\n\n\n", "\n\n"))
}

fn checks(run: &Validation) -> String {
    let rows = run.results.iter().map(|result| {
        let remedy = result.remedy.clone().filter(|_| result.verdict != Verdict::Passed).unwrap_or_default();
        vec![result.title.clone(), word(&result.verdict), result.summary.clone(), remedy]
    });
    table(&["CHECK", "VERDICT", "FOUND", "REMEDY"], rows)
}

async fn request(new: &New, api: &Api, output: Output) -> Done {
    let mut body = match (&new.file, &new.plan, &new.digest) {
        (Some(file), ..) => form::answers(&form::read(file)?),
        (None, plan, digest) => Map::from_iter([("plan".into(), json!(plan)), ("digest".into(), json!(digest))]),
    };
    with(&new.password, &mut body)?;
    let sent = api.post(&["requests"], Some(&Value::Object(body))).await?;
    requests::show(&sent.body, output, false)
}

fn with(password: &Password, body: &mut Map<String, Value>) -> Result<(), Failure> {
    if let Some(password) = password.read()? {
        body.insert(domain::form::PASSWORD.to_owned(), json!(password.expose_secret()));
    }
    Ok(())
}

async fn put(apply: &Apply, api: &Api, output: Output) -> Done {
    let mut body = document::read(&apply.file)?;
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    if name.is_empty() {
        return Err(Failure::usage("The file names no environment: `name: …`."));
    }
    with(&apply.password, &mut body)?;
    let state = match api.get(&["environments", &name], &[]).await {
        Ok(standing) => Some(standing.state()),
        Err(failure) if failure.exit == Exit::NotFound => None,
        Err(failure) => return Err(failure),
    };
    let put = api.put(&["environments", &name], &Value::Object(body), state.as_deref()).await?;
    let request = put.leads_to("requests");
    output.show(&put.body, || {
        Ok(match &request {
            Some(request) => format!("Request {request} waits for its decision: keystead request show {request}"),
            None => format!("{name} stands like this; nothing is asked for."),
        })
    })?;
    Ok(Exit::Ok)
}

/// Asks for its end, after the plan was shown.
async fn end(name: &str, what: &str, planned: &Answer, mut body: Value, yes: bool, api: &Api, output: Output) -> Done {
    if !yes {
        anstream::eprintln!("{}", plans::of_answer(&planned.body)?);
    }
    confirm(&format!("Ask for the {what} of {name}?"), yes)?;
    body["digest"] = planned.body["digest"].clone();
    let state = api.get(&["environments", name], &[]).await?.state();
    let sent = api.change(&["environments", name, what], Some(&body), &state).await?;
    requests::show(&sent.body, output, false)
}

/// How often it is asked whether the checks have ended.
const SOON: Duration = Duration::from_secs(2);

async fn validate(name: &str, wait: bool, api: &Api, output: Output) -> Done {
    let state = api.get(&["environments", name], &[]).await?.state();
    let begun = api.change(&["environments", name, "validation"], None, &state).await?.body;
    if !wait {
        output.show(&begun, || Ok(format!("The checks of {name} run: keystead env show {name}")))?;
        return Ok(Exit::Ok);
    }
    loop {
        let answer = api.get(&["environments", name], &[]).await?.body;
        let run: Option<Validation> = read(&answer["validation"])?;
        let Some(run) = run.filter(|run| !run.running && begun["validation"] == run.id.as_str()) else {
            tokio::time::sleep(SOON).await;
            continue;
        };
        output.show(&answer["validation"], || Ok(checks(&run)))?;
        let well = run.results.iter().all(|result| result.verdict == Verdict::Passed);
        return Ok(if well { Exit::Ok } else { Exit::JobFailed });
    }
}
