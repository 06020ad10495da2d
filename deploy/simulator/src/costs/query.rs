//! Reads the question of `Microsoft.CostManagement/query`, and answers it page by page.
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::{Method, StatusCode};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use uuid::Uuid;

use super::table::{Column, Wanted};
use super::usage;
use crate::arm::{Answer, Ask, Refusal, next_link};
use crate::parts::Function;
use crate::settings::Settings;
use crate::world::World;

/// Columns to group by at most.
const MOST: usize = 2;

pub(super) struct Query;

#[async_trait]
impl Function for Query {
    fn method(&self) -> Method {
        Method::POST
    }

    fn path(&self) -> &'static str {
        "Microsoft.CostManagement/query"
    }

    fn action(&self) -> &'static str {
        "Microsoft.CostManagement/query/read"
    }

    /// The provider itself refuses here, not the resource manager, and in words of its own.
    fn refused(&self, _refusal: Refusal) -> Refusal {
        let message =
            format!("The client does not have authorization to perform action. Request ID: {}", Uuid::new_v4());
        Refusal::new(StatusCode::UNAUTHORIZED, "RBACAccessDenied", message)
    }

    async fn run(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let now = world.clock.now();
        let wanted = wanted(&ask.body, today(now))?;
        let (rows, most) = world.state.read(|draft| {
            let settings = Settings::read(draft);
            let late = Duration::from_secs(60 * u64::from(settings.costs_late_minutes));
            let known = now.checked_sub(world.clock.shorten(late)).unwrap_or(Timestamp::MIN);
            (wanted.rows(&usage::of(draft, ask.id.scope()), known), settings.page_size)
        });
        Ok(Answer::Document(StatusCode::OK, page(ask, &wanted, rows, most.max(1))?))
    }
}

fn page(ask: &Ask, wanted: &Wanted, rows: Vec<Value>, most: usize) -> Result<Value, Refusal> {
    let from = match ask.query.get("$skiptoken") {
        None => 0,
        Some(token) => token.parse::<usize>().map_err(|_| bad("Invalid skip token."))?,
    };
    let rest = rows.len().saturating_sub(from);
    let next = (rest > most).then(|| next_link(ask, "$skiptoken", &(from + most).to_string()));
    let rows: Vec<Value> = rows.into_iter().skip(from).take(most).collect();
    let name = Uuid::new_v4();
    let scope = ask.id.scope().trim_start_matches('/');
    Ok(json!({
        "id": format!("{scope}/providers/Microsoft.CostManagement/query/{name}"),
        "name": name, "type": "Microsoft.CostManagement/query", "location": null, "sku": null, "eTag": null,
        "properties": {"nextLink": next, "columns": wanted.named(), "rows": rows},
    }))
}

fn wanted(body: &Value, today: Date) -> Result<Wanted, Refusal> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_lowercase();
    if !["actualcost", "amortizedcost", "usage"].contains(&text(&body["type"]).as_str()) {
        return Err(bad("Invalid query definition: 'type' is ActualCost, AmortizedCost or Usage."));
    }
    let dataset = &body["dataset"];
    let daily = match text(&dataset["granularity"]).as_str() {
        "daily" => true,
        "none" | "" => false,
        other => return Err(bad(&format!("Invalid query definition: the granularity '{other}' is not simulated."))),
    };
    let aggregation = dataset["aggregation"].as_object().filter(|aggregation| aggregation.len() == 1);
    let aggregation = aggregation.and_then(|aggregation| aggregation.values().next());
    let Some(sum) = aggregation.filter(|one| text(&one["function"]) == "sum") else {
        return Err(bad("Invalid query definition: one aggregation with the function Sum is simulated."));
    };
    let cost = match text(&sum["name"]).as_str() {
        "cost" => "Cost",
        "pretaxcost" => "PreTaxCost",
        other => return Err(bad(&format!("Invalid query definition: '{other}' cannot be aggregated."))),
    };
    let grouping = dataset["grouping"].as_array().cloned().unwrap_or_default();
    if grouping.len() > MOST {
        return Err(bad("Invalid query definition: Dataset grouping has more than 2 columns."));
    }
    if !dataset["filter"].is_null() || !dataset["sorting"].is_null() {
        return Err(bad("Invalid query definition: filter and sorting are not simulated."));
    }
    let columns = grouping.iter().map(column).collect::<Result<_, _>>()?;
    Ok(Wanted { cost: cost.to_owned(), daily, columns, days: days(body, today)? })
}

fn column(grouping: &Value) -> Result<Column, Refusal> {
    let text = |name: &str| grouping[name].as_str().unwrap_or_default();
    match (text("type").to_lowercase().as_str(), text("name").to_lowercase().as_str()) {
        ("tagkey", name) if !name.is_empty() => Ok(Column::Tag(text("name").to_owned())),
        ("dimension", "resourcegroupname" | "resourcegroup") => Ok(Column::ResourceGroup),
        ("dimension", "resourceid") => Ok(Column::Resource),
        ("dimension", "resourcelocation") => Ok(Column::Location),
        (kind, name) => {
            Err(bad(&format!("Invalid query definition: Dataset grouping has an invalid column '{kind}' '{name}'.")))
        }
    }
}

fn days(body: &Value, today: Date) -> Result<(Date, Date), Refusal> {
    let first = today.first_of_month();
    match body["timeframe"].as_str().unwrap_or_default().to_lowercase().as_str() {
        "monthtodate" => Ok((first, today)),
        "thelastmonth" => {
            let last = first.yesterday().unwrap_or(first);
            Ok((last.first_of_month(), last))
        }
        "custom" => {
            let at = |name: &str| {
                let text = body["timePeriod"][name].as_str().unwrap_or_default();
                text.get(..10).and_then(|date| date.parse::<Date>().ok())
            };
            let (Some(from), Some(to)) = (at("from"), at("to")) else {
                return Err(bad("Invalid query definition: a custom timeframe needs timePeriod with from and to."));
            };
            if to < from || from.checked_add(12.months()).is_ok_and(|latest| to > latest) {
                return Err(bad("Invalid query definition: timePeriod ends before it begins, or is too long."));
            }
            Ok((from, to))
        }
        other => Err(bad(&format!("Invalid query definition: the timeframe '{other}' is not simulated."))),
    }
}

fn today(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}

fn bad(message: &str) -> Refusal {
    Refusal::bad("BadRequest", message)
}
