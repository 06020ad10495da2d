//! Answers who did what: the events of a resource, a group, a correlation or of everything, newest first.
use std::sync::Arc;

use async_trait::async_trait;
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{KEPT, LAG, event};
use crate::arm::{Answer, Ask, Filter, Refusal, next_link};
use crate::parts::Function;
use crate::settings::Settings;
use crate::state::Wanted;
use crate::world::World;

/// How many events a page has at most.
const PAGE: usize = 200;

pub(super) struct Values;

#[async_trait]
impl Function for Values {
    fn method(&self) -> Method {
        Method::GET
    }

    fn path(&self) -> &'static str {
        "Microsoft.Insights/eventtypes/management/values"
    }

    fn action(&self) -> &'static str {
        "Microsoft.Insights/eventtypes/values/read"
    }

    async fn run(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let (mut wanted, provider) = wanted(world, ask)?;
        let page = world.state.read(Settings::read).page_size.min(PAGE);
        let select = ask.query.get("$select").map(String::as_str).unwrap_or_default();
        let select: Vec<&str> = select.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        let mut value: Vec<Value> = Vec::new();
        loop {
            let found = world.state.journal(&wanted, i64::try_from(page + 1).unwrap_or(i64::MAX)).await?;
            let more = found.len() > page;
            for (number, entry) in found.into_iter().take(page) {
                wanted.before = Some(number);
                let of_provider = |wanted: &str| {
                    let full = event::shown(world, &entry, &["resourceProviderName"]);
                    full["resourceProviderName"]["value"].as_str().is_some_and(|it| it.eq_ignore_ascii_case(wanted))
                };
                if provider.as_deref().is_none_or(of_provider) {
                    value.push(event::shown(world, &entry, &select));
                }
                if value.len() == page {
                    break;
                }
            }
            if !more || value.len() == page {
                let link =
                    wanted.before.filter(|_| more).map(|before| next_link(ask, "$skipToken", &before.to_string()));
                return Ok(Answer::Document(StatusCode::OK, json!({"value": value, "nextLink": link})));
            }
        }
    }
}

/// What the filter asks for; the provider is looked at afterwards.
fn wanted(world: &World, ask: &Ask) -> Result<(Wanted, Option<String>), Refusal> {
    let bad = |why: &str| Refusal::bad("BadRequest", why);
    let text = ask.query.get("$filter").map(String::as_str).unwrap_or_default();
    let terms = Filter::read(text).ok().and_then(Filter::into_terms);
    let terms = terms.ok_or_else(|| bad("The $filter query parameter value is invalid."))?;
    let now = world.clock.now();
    let visible = now.checked_sub(world.clock.shorten(LAG)).unwrap_or(now);
    let mut wanted = Wanted { to: Some(visible), ..Wanted::default() };
    let mut provider = None;
    for (field, operator, value) in terms {
        let time = || value.parse::<Timestamp>().map_err(|_| bad("The time in the $filter is not valid."));
        match (field.to_ascii_lowercase().as_str(), operator.as_str()) {
            ("eventtimestamp", "ge") => wanted.from = Some(time()?),
            ("eventtimestamp", "le") => wanted.to = Some(time()?.min(visible)),
            ("resourceuri" | "resourceid", "eq") => wanted.resource = Some(value.trim_end_matches('/').to_owned()),
            ("resourcegroupname", "eq") => {
                wanted.group = Some(format!("{}/resourceGroups/{value}", world.subscription_id()));
            }
            ("correlationid", "eq") => wanted.correlation = Some(value),
            ("resourceprovider", "eq") => provider = Some(value),
            _ => {
                return Err(bad(&format!("The property '{field}' with '{operator}' is not supported in the $filter.")));
            }
        }
    }
    let oldest = now.checked_sub(KEPT).unwrap_or_default();
    match wanted.from {
        None => return Err(bad("The $filter must hold 'eventTimestamp ge'.")),
        Some(from) if from < oldest => {
            return Err(bad("The start time cannot be more than 90 days in the past."));
        }
        Some(_) => {}
    }
    wanted.before = ask.query.get("$skipToken").and_then(|token| token.parse().ok());
    Ok((wanted, provider))
}
