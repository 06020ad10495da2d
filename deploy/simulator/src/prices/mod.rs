//! Answers at `prices.azure.com` what Azure's services cost: a fixed, dated list, for everybody who asks.
//! Fields, filters and paging: Microsoft's overview of the Retail Prices API.
mod table;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Value, json};

use crate::arm::Filter;
use crate::parts::{Parts, Site};
use crate::settings::Settings;
use crate::world::World;
use table::Price;

/// The version from which on the values of a filter are compared letter by letter; it is also the usual one.
const CASE_SENSITIVE: &str = "2023-01-01-preview";

/// Adds `prices.azure.com`.
pub fn attach(parts: &mut Parts) {
    parts.add_site(Prices);
}

/// What an hour of a machine, by its size, or of a meter costs in a region; a month has 730 of them.
pub fn an_hour(region: &str, what: &str, currency: &str) -> Option<f64> {
    let price = table::all().iter().filter(|price| price.region == region).find(|price| price.is(what))?;
    let hours = if price.unit == "1/Month" { 730.0 } else { 1.0 };
    Some(price.dollars * table::of_a_dollar(currency)? / hours)
}

struct Prices;

impl Site for Prices {
    fn answers(&self, _world: &World, host: &str) -> bool {
        host == "prices.azure.com"
    }

    fn router(&self, world: &Arc<World>) -> Router {
        Router::new().route("/api/retail/prices", get(answer)).with_state(world.clone())
    }
}

async fn answer(State(world): State<Arc<World>>, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let most = world.state.read(Settings::read).page_size;
    match page(&query, most) {
        Ok(page) => Json(page).into_response(),
        Err(why) => {
            (StatusCode::BAD_REQUEST, Json(json!({"Error": {"Code": "BadRequest", "Message": why}}))).into_response()
        }
    }
}

fn page(query: &BTreeMap<String, String>, most: usize) -> Result<Value, String> {
    let unquoted = |name: &str| query.get(name).map(|value| value.trim_matches('\'').to_owned());
    let currency = unquoted("currencyCode").unwrap_or_else(|| "USD".to_owned()).to_uppercase();
    let rate = table::of_a_dollar(&currency).ok_or_else(|| {
        format!("Invalid currency '{currency}'; known are {}", table::currencies().collect::<Vec<_>>().join(", "))
    })?;
    let number = |name: &str, otherwise: usize| match query.get(name).map(|text| text.parse::<usize>()) {
        None => Ok(otherwise),
        Some(Ok(number)) => Ok(number),
        Some(Err(_)) => Err("Invalid OData parameters supplied".to_owned()),
    };
    let (skip, top) = (number("$skip", 0)?, number("$top", usize::MAX)?);
    let text = query.get("$filter").map_or("", String::as_str);
    let filter = Filter::read(text).map_err(|_| "Invalid OData parameters supplied".to_owned())?;
    if !filter.parts().iter().all(is_answered) {
        return Err("Invalid OData parameters supplied".to_owned());
    }
    let exactly = query.get("api-version").is_none_or(|version| version.as_str() >= CASE_SENSITIVE);
    let found: Vec<&Price> = table::all().iter().filter(|price| passes(&filter, price, exactly)).take(top).collect();
    let most = most.min(1000);
    let items: Vec<Value> = found.iter().skip(skip).take(most).map(|price| item(price, &currency, rate)).collect();
    let next = (found.len() > skip.saturating_add(most)).then(|| next_page(query, skip + most));
    Ok(json!({
        "BillingCurrency": currency,
        "CustomerEntityId": "Default",
        "CustomerEntityType": "Retail",
        "Count": items.len(),
        "Items": items,
        "NextPageLink": next,
    }))
}

fn next_page(query: &BTreeMap<String, String>, skip: usize) -> String {
    let mut next = form_urlencoded::Serializer::new(String::new());
    next.extend_pairs(query.iter().filter(|(name, _)| *name != "$skip"));
    next.append_pair("$skip", &skip.to_string());
    format!("https://prices.azure.com:443/api/retail/prices?{}", next.finish())
}

fn item(price: &Price, currency: &str, rate: f64) -> Value {
    let amount = table::rounded(price.dollars * rate);
    let mut item = json!({
        "currencyCode": currency, "tierMinimumUnits": price.from, "retailPrice": amount, "unitPrice": amount,
        "armRegionName": price.region, "location": price.location, "effectiveStartDate": table::effective(),
        "meterId": price.meter_id, "meterName": price.meter, "productId": price.product_id, "skuId": price.sku_id,
        "productName": price.product, "skuName": price.sku, "serviceName": price.service,
        "serviceId": price.service_id, "serviceFamily": price.family, "unitOfMeasure": price.unit,
        "type": kind(price), "isPrimaryMeterRegion": true, "armSkuName": price.arm_sku,
    });
    if let Some(term) = price.term {
        item["reservationTerm"] = json!(term);
    }
    item
}

fn kind(price: &Price) -> &'static str {
    if price.term.is_some() { "Reservation" } else { "Consumption" }
}

/// Fields in any case of letters, as the service takes them.
fn is_answered((name, operator): &(&str, &str)) -> bool {
    match *operator {
        "()" => ["contains", "startswith", "endswith"].iter().any(|known| known.eq_ignore_ascii_case(name)),
        "eq" | "ne" => FIELDS.iter().any(|known| known.eq_ignore_ascii_case(name)),
        _ => false,
    }
}

const FIELDS: [&str; 15] = [
    "armRegionName",
    "location",
    "meterId",
    "meterName",
    "productId",
    "skuId",
    "productName",
    "skuName",
    "serviceName",
    "serviceId",
    "serviceFamily",
    "priceType",
    "armSkuName",
    "unitOfMeasure",
    "reservationTerm",
];

fn field(price: &Price, name: &str) -> String {
    match name.to_ascii_lowercase().as_str() {
        "armregionname" => price.region.clone(),
        "location" => price.location.clone(),
        "meterid" => price.meter_id.to_string(),
        "metername" => price.meter.clone(),
        "productid" => price.product_id.clone(),
        "skuid" => price.sku_id.clone(),
        "productname" => price.product.clone(),
        "skuname" => price.sku.clone(),
        "servicename" => price.service.clone(),
        "serviceid" => price.service_id.clone(),
        "servicefamily" => price.family.clone(),
        "pricetype" => kind(price).to_owned(),
        "armskuname" => price.arm_sku.clone(),
        "unitofmeasure" => price.unit.clone(),
        _ => price.term.unwrap_or_default().to_owned(),
    }
}

fn passes(filter: &Filter, price: &Price, exactly: bool) -> bool {
    let shaped = |text: &str| if exactly { text.to_owned() } else { text.to_lowercase() };
    let holds = |name: &str, operator: &str, wanted: &str| {
        (shaped(&field(price, name)) == shaped(wanted)) == (operator == "eq")
    };
    let is = |function: &str, arguments: &[String]| {
        let [name, wanted] = arguments else { return false };
        let (value, wanted) = (shaped(&field(price, name)), shaped(wanted));
        match function.to_ascii_lowercase().as_str() {
            "contains" => value.contains(&wanted),
            "startswith" => value.starts_with(&wanted),
            _ => value.ends_with(&wanted),
        }
    };
    filter.passes(&holds, &is)
}
