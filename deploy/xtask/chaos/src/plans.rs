//! Plans that a program has made and not sent yet, many at a time.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use ureq::Agent;

/// Programs that make them at the same time.
const AT_ONCE: usize = 8;

/// So many plans of new environments; the body that sends each, a line each.
pub fn made(portal: &str, token: &str, count: usize) -> Result<String> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<String>> {
        let config = Agent::config_builder().proxy(None).timeout_global(Some(Duration::from_secs(60)));
        let agent: Agent = config.http_status_as_error(false).build().into();
        let mut bodies = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok(bodies);
            }
            bodies.push(one(&agent, portal, token, number)?);
        }
    };
    let bodies = std::thread::scope(|scope| {
        let programs: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        let ended = programs.into_iter().map(|program| program.join().unwrap_or_else(|_| bail!("a program broke off")));
        ended.collect::<Result<Vec<_>>>()
    })?;
    Ok(bodies.concat().join("\n"))
}

fn one(agent: &Agent, portal: &str, token: &str, number: usize) -> Result<String> {
    let form = json!({
        "name": format!("sent-{number:05}"), "team": "payments", "region": "westeurope",
        "template": "web-app-one-node", "reason": "Load",
    });
    let asked = agent.post(format!("{portal}/api/v1/plans"));
    let asked = asked.header("authorization", format!("Bearer {token}")).header("content-type", "application/json");
    let mut answer = asked.send(form.to_string()).context("making a plan")?;
    let text = answer.body_mut().read_to_string()?;
    if answer.status() != 201 {
        bail!("a plan was not made: {} {text}", answer.status());
    }
    let plan: Value = serde_json::from_str(&text)?;
    Ok(json!({ "plan": plan["id"], "digest": plan["digest"] }).to_string())
}
