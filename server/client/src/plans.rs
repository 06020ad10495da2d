//! Plans: what a form would do, shown before anybody is asked.

use crate::api::Api;
use crate::exit::{Done, Exit, Failure};
use crate::form;
use crate::output::{Output, facts, read, table, word};
use clap::Args;
use domain::cost::Costing;
use domain::plan::{Finding, Line, Weight};
use serde::Deserialize;
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub struct Asked {
    /// The form: YAML or JSON, `-` for the standard input.
    #[arg(short, long)]
    file: PathBuf,
    /// The environment that shall become this; without it a new one is planned.
    #[arg(long)]
    change: Option<String>,
}

/// Of a plan that was made, what people are shown.
#[derive(Deserialize)]
struct Made {
    id: String,
    digest: String,
    #[serde(default)]
    resources: Vec<Line>,
    #[serde(default)]
    permits: Vec<String>,
    #[serde(default)]
    findings: Vec<Finding>,
    #[serde(default)]
    cost: Option<Costing>,
}

pub(crate) async fn plan(asked: &Asked, api: &Api, output: Output) -> Done {
    let mut body = form::answers(&form::read(&asked.file)?);
    if let Some(environment) = &asked.change {
        body.insert("environment".to_owned(), json!(environment));
    }
    let answer = api.post(&["plans"], Some(&Value::Object(body))).await?.body;
    let made: Made = read(&answer)?;
    output.show(&answer, || {
        let shown = shown(&made.resources, &made.permits, &made.findings, made.cost.as_ref());
        let send = format!("Send it: keystead env request --plan {} --digest \"{}\"\n", made.id, made.digest);
        Ok(format!("{shown}\n{}{send}", facts(&[("Plan", made.id.clone()), ("Digest", made.digest.clone())])))
    })?;
    let denied = made.findings.iter().any(|finding| finding.weight == Weight::Deny);
    Ok(if denied { Exit::Failed } else { Exit::Ok })
}

/// A plan as people read it before they say yes.
pub(crate) fn shown(lines: &[Line], permits: &[String], findings: &[Finding], cost: Option<&Costing>) -> String {
    let changes = |line: &Line| {
        let changes: Vec<String> =
            line.changes.iter().map(|change| format!("{}: {} → {}", change.field, change.from, change.to)).collect();
        if changes.is_empty() { line.detail.clone() } else { changes.join("; ") }
    };
    let rows = lines.iter().map(|line| vec![word(&line.verb), line.kind.clone(), line.name.clone(), changes(line)]);
    let mut text = format!("{}\n", table(&["WHAT", "KIND", "NAME", "DETAIL"], rows));
    let mut list = |title: &str, said: Vec<&str>| {
        if !said.is_empty() {
            text.push_str(&format!("\n{title}\n"));
            said.iter().for_each(|line| text.push_str(&format!("  {line}\n")));
        }
    };
    list("It permits", permits.iter().map(String::as_str).collect());
    let weight = |finding: &Finding| if finding.weight == Weight::Deny { "denied" } else { "know" };
    let found: Vec<String> =
        findings.iter().map(|finding| format!("{}: {}", weight(finding), finding.sentence)).collect();
    list("Findings", found.iter().map(String::as_str).collect());
    let cost = cost.map(|cost| cost.monthly().sentence());
    list("Cost", cost.iter().map(String::as_str).collect());
    text
}

/// The plan of an answer that has it under `plan`, with its `cost`.
pub(crate) fn of_answer(answer: &Value) -> Result<String, Failure> {
    let plan: domain::plan::Plan = read(&answer["plan"])?;
    let cost: Option<Costing> = read(&answer["cost"])?;
    Ok(shown(&plan.lines, &plan.permits, &plan.findings, cost.as_ref()))
}
