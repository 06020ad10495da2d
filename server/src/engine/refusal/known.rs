//! What becomes of each fault that the simulator knows by name: a row that nobody has decided on changes this list.
#![allow(clippy::unwrap_used)]

use super::{StepError, Words, given_up, read};
use azure_simulator::faults::Fault;
use azure_simulator::faults::catalogue::{CATALOGUE, Known};
use serde_json::Value;

/// Those that a step meets: questions about costs and logs, Graph and the metadata service are asked by others.
fn is_met(known: &Known) -> bool {
    let of_others = ["metadata-", "graph-", "cost-", "query-"];
    !of_others.iter().any(|start| known.name.starts_with(start))
}

fn decided(fault: &Fault) -> String {
    let text = |pointer: &str| fault.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let or = |first: &str, second: String| if first.is_empty() { second } else { first.to_owned() };
    let read = match (&fault.fails, fault.status) {
        (Some(failure), _) => given_up(&failure.code, &failure.message),
        (None, None) => return "seen by the step itself".to_owned(),
        (None, Some(429 | 500..)) => return "tried again, as its status says".to_owned(),
        (None, Some(status)) => {
            let code = or(&fault.code, or(&text("/error/code"), or(&text("/code"), text("/reason"))));
            let code = fault.entra.map_or(code, |number| format!("AADSTS{number}"));
            let details = fault.details.iter().filter_map(|detail| detail["message"].as_str());
            let message = or(&fault.message, or(&text("/error/message"), text("/message")));
            let message = [message.as_str()].into_iter().chain(details).collect::<Vec<_>>().join(" ");
            let inner = text("/error/innererror/code");
            let inner = Some(inner.as_str()).filter(|inner| !inner.is_empty());
            read(&Words { status: Some(status), code: &code, inner, message: &message }, None)
        }
    };
    match read {
        StepError::Retry { why, .. } => format!("tried again: {}", why.split_once(": ").unwrap().1),
        StepError::Person { failure } => format!("a person: {}", failure.title),
        StepError::Fail { failure } => format!("refused: {}", failure.title),
    }
}

#[test]
fn every_fault_that_has_a_name_is_decided_on() {
    let rows = CATALOGUE.iter().filter(|known| is_met(known));
    let list: Vec<String> = rows.map(|known| format!("{:<38} {}", known.name, decided(&known.fault))).collect();
    insta::assert_snapshot!(list.join("\n"));
}
