//! Asks Azure's public list of prices, which answers everybody: no token goes there.
use crate::{error::Error, refusal, transport::Transport};
use http::Method;
use jiff::Timestamp;
use serde_json::Value;
use url::Url;

/// From this version on, the values of a filter are compared letter by letter.
const VERSION: &str = "2023-01-01-preview";
/// Pages that are followed at most; a filter that names a meter in a region finds a handful of prices.
const MOST_PAGES: usize = 20;

/// The Retail Prices API.
#[derive(Clone)]
pub struct Prices {
    transport: Transport,
    base: Url,
}

/// One price of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    /// `Virtual Machines Dsv5 Series`; one for Windows ends so.
    pub product: String,
    /// `D2s v5`, `D2s v5 Spot`.
    pub meter: String,
    /// What it is for: `1 Hour`, `10K`.
    pub unit: String,
    /// Of one unit, in millionths of the currency.
    pub micros: i64,
    /// From how many units on it counts.
    pub from: i64,
    /// Since when, in milliseconds since 1970.
    pub since_ms: i64,
}

impl Prices {
    pub(crate) fn new(transport: Transport, base: Url) -> Self {
        Self { transport, base }
    }

    /// All prices in this currency (`EUR`) whose fields are these: `[("serviceName", "Key Vault"), …]`. None is no error.
    pub async fn list(&self, currency: &str, fields: &[(&str, &str)]) -> Result<Vec<Price>, Error> {
        let resource = format!("{}/api/retail/prices", self.base.host_str().unwrap_or_default());
        let filter: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name} eq '{}'", value.replace('\'', "''"))).collect();
        let mut url = self.base.clone();
        url.set_path("/api/retail/prices");
        url.query_pairs_mut()
            .append_pair("api-version", VERSION)
            .append_pair("currencyCode", &format!("'{currency}'"))
            .append_pair("meterRegion", "'primary'")
            .append_pair("$filter", &filter.join(" and "));
        let mut next = Some(url);
        let mut prices = Vec::new();
        for _ in 0..MOST_PAGES {
            let Some(url) = next.take() else { return Ok(prices) };
            let page = self.page(url, &resource).await?;
            let items = page.get("Items").and_then(Value::as_array);
            // What is no list is never taken for an empty one.
            let unclear = || Error::rejected("GET", &resource, "NotUnderstood", "the answer holds no list of prices");
            prices.extend(items.ok_or_else(unclear)?.iter().filter_map(price));
            if let Some(link) = page.get("NextPageLink").and_then(Value::as_str).filter(|link| !link.is_empty()) {
                next = Some(self.followed(link, &resource)?);
            }
        }
        Err(Error::rejected("GET", &resource, "EndlessList", "the list goes on and on; narrow it with a filter"))
    }

    async fn page(&self, url: Url, resource: &str) -> Result<Value, Error> {
        let reply = self.transport.exchange(Method::GET, url, resource, None, None, None).await?;
        match reply.status {
            200 => reply.document(resource),
            status => Err(refusal::read("GET", resource, status, &reply.headers, &reply.body)),
        }
    }

    fn followed(&self, link: &str, resource: &str) -> Result<Url, Error> {
        let url = self.base.join(link).ok().filter(|url| url.origin() == self.base.origin());
        url.ok_or_else(|| {
            let message = "the answer points to an address that is not that of Azure's prices; it was not followed";
            Error::rejected("GET", resource, "ForeignAddress", message)
        })
    }
}

/// An entry that lacks something is no price.
fn price(item: &Value) -> Option<Price> {
    let text = |name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
    let since: Timestamp = item.get("effectiveStartDate")?.as_str()?.parse().ok()?;
    Some(Price {
        product: text("productName")?,
        meter: text("meterName")?,
        unit: text("unitOfMeasure")?,
        micros: micros(item.get("retailPrice")?.as_f64()?)?,
        from: item.get("tierMinimumUnits").and_then(Value::as_f64).map_or(Some(0), micros)? / 1_000_000,
        since_ms: since.as_millisecond(),
    })
}

/// A number of the list as whole millionths, the last one rounded; its digits are read, nothing is reckoned in floats.
fn micros(number: f64) -> Option<i64> {
    let written = format!("{number:.6}");
    written.replace('.', "").parse().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_price_is_read_to_its_last_digit() {
        let read = [0.105984, 0.1, 1.0e-6, 0.000_000_4, 19.71, 0.0].map(|number| micros(number).unwrap());
        assert_eq!(read, [105_984, 100_000, 1, 0, 19_710_000, 0]);
        assert_eq!(micros(f64::INFINITY), None);
    }

    #[test]
    fn an_entry_that_lacks_something_is_no_price() {
        let whole = json!({"productName": "Key Vault", "meterName": "Operations", "unitOfMeasure": "10K",
            "retailPrice": 0.03, "tierMinimumUnits": 5.0, "effectiveStartDate": "2026-11-01T00:00:00Z"});
        let read = price(&whole).unwrap();
        assert_eq!((read.micros, read.from, read.since_ms), (30_000, 5, 1_793_491_200_000));
        for field in ["productName", "meterName", "unitOfMeasure", "retailPrice", "effectiveStartDate"] {
            let mut lacking = whole.clone();
            lacking.as_object_mut().unwrap().remove(field);
            assert_eq!(price(&lacking), None, "{field}");
        }
    }
}
