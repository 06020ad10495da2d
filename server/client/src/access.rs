//! Who could read an environment's secrets, and who did.

use crate::api::Api;
use crate::exit::{Done, Exit, Failure};
use crate::output::{Output, at as time, read, table, word};
use domain::access::{Since, Until};
use domain::view::access::{Access, Holder, Use, Uses};
use serde_json::Value;

/// At a minute in UTC where `at` is not empty, of one secret where `secret` is not.
pub(crate) async fn show(name: &str, at: &str, secret: &str, api: &Api, output: Output) -> Done {
    let answer = api.get(&["environments", name, "access"], &[("at", at), ("secret", secret)]).await?.body;
    output.show(&answer, || shown(&answer))?;
    Ok(Exit::Ok)
}

fn shown(answer: &Value) -> Result<String, Failure> {
    let could: Access = read(&answer["could"])?;
    let did: Option<Uses> = read(&answer["did"])?;
    let holders = match could.looked {
        None => "Nobody has looked yet who may.".to_owned(),
        Some(_) if could.holders.is_empty() => "Nobody could, as far as is known.".to_owned(),
        Some(_) => table(&["WHO", "KIND", "ROLE", "WHERE", "CAN", "SINCE", "UNTIL"], could.holders.iter().map(holder)),
    };
    let unread = || answer["unread"].as_str().unwrap_or_default().to_owned();
    let uses = match did {
        None => unread(),
        Some(uses) if uses.rows.is_empty() => "Nothing is in the vault’s log yet.".to_owned(),
        Some(uses) => table(&["AT", "WHO", "DID", "SECRET", "FROM", "ANSWER"], uses.rows.into_iter().map(used)),
    };
    let parts: Vec<String> = could.unknown.into_iter().chain([holders, uses]).collect();
    Ok(parts.join("\n\n").replace("\n\n\n", "\n\n"))
}

fn holder(one: &Holder) -> Vec<String> {
    let can = match (one.reads, one.grants) {
        (true, true) => "read, give roles",
        (true, false) => "read",
        _ => "give roles",
    };
    let perhaps = if one.perhaps { " (perhaps)" } else { "" };
    let kind = one.through.as_ref().map_or_else(|| word(&one.kind), |group| format!("in {group}"));
    let since = match one.span.since {
        Since::At(at) => time(at),
        Since::Before(at) => format!("before {}", time(at)),
        Since::Between { earliest: before, latest: after } => format!("{} to {}", time(before), time(after)),
    };
    let until = match one.span.until {
        Until::Still => String::new(),
        Until::Between { earliest: before, latest: after } => format!("{} to {}", time(before), time(after)),
    };
    vec![one.name.clone(), kind, one.role.clone(), one.place.clone(), format!("{can}{perhaps}"), since, until]
}

fn used(one: Use) -> Vec<String> {
    let times = if one.times > 1 { format!(" ({} times)", one.times) } else { String::new() };
    let answer = if one.allowed { "allowed" } else { "refused" };
    vec![time(one.at), one.who, format!("{}{times}", one.what), one.of.unwrap_or_default(), one.from, answer.to_owned()]
}
