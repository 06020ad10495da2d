//! Asks Azure Cost Management what was billed: one question for everything that bears a tag, whoever's it is.
use crate::{arm::Arm, error::Error, id::ResourceId, refusal, request::Request};
use serde_json::{Value, json};
use url::Url;

/// Azure counts questions by who asks; without this we would share a count with everything else in the directory that
/// says nothing either.
const ASKER: (&str, &str) = ("clienttype", "Keystead");
/// Pages that are followed at most, of up to 5,000 lines each.
const MOST_PAGES: usize = 200;
/// As messages name what was asked for.
const QUERY: &str = "providers/Microsoft.CostManagement/query";

/// Azure Cost Management, in our own name.
#[derive(Clone)]
pub struct Costs {
    arm: Arm,
}

/// For which days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Period {
    /// From the first of this month, by Azure's clock.
    MonthToDate,
    /// From the first of these days to the last, both whole: `2026-10-01`, `2026-10-31`.
    Days(String, String),
}

/// What was billed on one day for what bears the same tag in the same group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostLine {
    /// In millionths; less than nothing where something was given back.
    pub micros: i64,
    /// In which the subscription is billed: `EUR`.
    pub currency: String,
    /// `20261126`.
    pub day: u32,
    /// The tag's value; `None` for what lacks it.
    pub tag: Option<String>,
    /// Name of the resource group, in whatever case.
    pub group: String,
}

impl Costs {
    pub(crate) fn new(arm: Arm) -> Self {
        Self { arm }
    }

    /// Everything that was billed in a scope, by day, by the value of this tag, and by resource group. Needs Cost
    /// Management Reader there, or whatever reads it (<https://learn.microsoft.com/rest/api/cost-management/query/usage>).
    pub async fn by_tag(&self, scope: &ResourceId, tag: &str, period: &Period) -> Result<Vec<CostLine>, Error> {
        let body = body(tag, period);
        let request = Request::post(scope.as_str(), QUERY, &body)?;
        let resource = request.path.clone();
        let mut next = Some(request.url(self.arm.base()));
        let mut lines = Vec::new();
        for _ in 0..MOST_PAGES {
            let Some(url) = next.take() else { return Ok(lines) };
            let Some(page) = self.page(url, &resource, &body).await? else { return Ok(lines) };
            let properties = &page["properties"];
            // What is no table is never taken for an empty one.
            let unclear = || Error::rejected("POST", &resource, "NotUnderstood", "the answer is no table of costs");
            lines.extend(table(properties).ok_or_else(unclear)?);
            if let Some(link) = properties["nextLink"].as_str().filter(|link| !link.is_empty()) {
                next = Some(self.arm.followed(link, &resource)?);
            }
        }
        let message = "the table goes on and on; ask for a smaller scope";
        Err(Error::rejected("POST", &resource, "EndlessList", message))
    }

    /// `None` where there is nothing to tell.
    async fn page(&self, url: Url, resource: &str, body: &Value) -> Result<Option<Value>, Error> {
        let reply = self.arm.question(url, resource, body, ASKER).await?;
        match reply.status {
            200 => reply.document(resource).map(Some),
            204 => Ok(None),
            status => Err(refusal::read("POST", resource, status, &reply.headers, &reply.body)),
        }
    }
}

fn body(tag: &str, period: &Period) -> Value {
    let mut body = json!({
        "type": "ActualCost",
        "timeframe": "MonthToDate",
        "dataset": {
            "granularity": "Daily",
            "aggregation": { "totalCost": { "name": "Cost", "function": "Sum" } },
            // No more than two.
            "grouping": [
                { "type": "TagKey", "name": tag },
                { "type": "Dimension", "name": "ResourceGroupName" },
            ],
        },
    });
    if let Period::Days(first, last) = period {
        body["timeframe"] = json!("Custom");
        body["timePeriod"] =
            json!({ "from": format!("{first}T00:00:00+00:00"), "to": format!("{last}T23:59:59+00:00") });
    }
    body
}

/// The lines of a page; `None` where it is not what was asked for. Columns are found by their names, wherever they stand.
fn table(properties: &Value) -> Option<Vec<CostLine>> {
    let columns = properties["columns"].as_array()?;
    let place = |names: &[&str]| {
        let is = |column: &Value| {
            let name = column["name"].as_str().unwrap_or_default();
            names.iter().any(|wanted| wanted.eq_ignore_ascii_case(name))
        };
        columns.iter().position(is)
    };
    let cost = place(&["Cost", "PreTaxCost", "totalCost"])?;
    let day = place(&["UsageDate"])?;
    let currency = place(&["Currency"])?;
    let group = place(&["ResourceGroupName", "ResourceGroup"])?;
    let tag = place(&["TagValue"])?;
    let line = |row: &Value| {
        Some(CostLine {
            micros: micros(row.get(cost)?.as_f64()?)?,
            currency: row.get(currency)?.as_str()?.to_owned(),
            day: whole(row.get(day)?)?,
            tag: row.get(tag)?.as_str().filter(|value| !value.is_empty()).map(str::to_owned),
            group: row.get(group)?.as_str().unwrap_or_default().to_owned(),
        })
    };
    properties["rows"].as_array()?.iter().map(line).collect()
}

/// `20261126`, also where it comes as `20261126.0`.
fn whole(number: &Value) -> Option<u32> {
    let text = number.to_string();
    text.split('.').next()?.parse().ok()
}

/// As whole millionths, the last one rounded; its digits are read, nothing is reckoned in floats.
fn micros(number: f64) -> Option<i64> {
    format!("{number:.6}").replace('.', "").parse().ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_wherever_they_stand() {
        let told = json!({
            "columns": [
                {"name": "Currency", "type": "String"}, {"name": "TagKey", "type": "String"},
                {"name": "TagValue", "type": "String"}, {"name": "ResourceGroupName", "type": "String"},
                {"name": "UsageDate", "type": "Number"}, {"name": "PreTaxCost", "type": "Number"},
            ],
            "rows": [
                ["EUR", "env", "e-1", "rg-shop", 20261126, 1.0000004],
                ["EUR", "env", null, "rg-shop", 20261126.0, -0.5],
                ["EUR", "env", "", null, 20261126, 1e-9],
            ],
        });
        let read: Vec<(i64, u32, Option<String>, String)> =
            table(&told).unwrap().into_iter().map(|line| (line.micros, line.day, line.tag, line.group)).collect();
        let line =
            |micros, tag: Option<&str>, group: &str| (micros, 20_261_126, tag.map(str::to_owned), group.to_owned());
        assert_eq!(read, [line(1_000_000, Some("e-1"), "rg-shop"), line(-500_000, None, "rg-shop"), line(0, None, "")]);
    }

    #[test]
    fn a_table_that_lacks_something_is_none() {
        let columns = ["Cost", "UsageDate", "TagValue", "ResourceGroupName", "Currency"];
        let row = json!([1.5, 20261126, "e-1", "rg-shop", "EUR"]);
        let whole = |names: &[&str]| {
            let columns: Vec<Value> = names.iter().map(|name| json!({"name": name})).collect();
            table(&json!({"columns": columns, "rows": [row]}))
        };
        assert_eq!(whole(&columns).unwrap().len(), 1);
        for lacking in columns {
            let names = columns.map(|name| if name == lacking { "Other" } else { name });
            assert_eq!(whole(&names), None, "{lacking}");
        }
        assert_eq!(table(&json!({"columns": []})), None);
        let wrong = json!({"columns": columns.map(|name| json!({"name": name})), "rows": [["1.5"]]});
        assert_eq!(table(&wrong), None, "a row that cannot be read is not left out silently");
    }
}
