//! Asks a Log Analytics workspace a question in Kusto.
use crate::{
    error::{Call, Error, Kind},
    refusal,
    token::Tokens,
    transport::Transport,
};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

/// The query service of Log Analytics.
#[derive(Clone)]
pub struct Logs {
    transport: Transport,
    tokens: Tokens,
    base: Url,
}

/// What a query found: the first table of the answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Table {
    pub columns: Vec<Column>,
    /// One value a column, in the columns' order.
    pub rows: Vec<Vec<Value>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Column {
    pub name: String,
    /// Kusto's type: `string`, `datetime`, `long`, `real` …
    #[serde(rename = "type")]
    pub kind: String,
}

impl Table {
    /// The value in this row under this column's name.
    pub fn value<'a>(&self, row: &'a [Value], column: &str) -> Option<&'a Value> {
        let at = self.columns.iter().position(|known| known.name == column)?;
        row.get(at)
    }
}

impl Logs {
    pub(crate) fn new(transport: Transport, tokens: Tokens, base: Url) -> Self {
        Self { transport, tokens, base }
    }

    /// Runs a query over the last `timespan` (ISO 8601, `PT1H`). `customer_id` is the workspace's own id, its
    /// property `customerId`. An answer that Log Analytics calls partial is an error, so that nothing missing is
    /// ever taken for nothing there.
    pub async fn query(&self, customer_id: &str, query: &str, timespan: &str) -> Result<Table, Error> {
        let resource = format!("{}/v1/workspaces/{customer_id}/query", self.base.host_str().unwrap_or_default());
        let scope = format!("{}/.default", self.base.as_str().trim_end_matches('/'));
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().extend(["v1", "workspaces", customer_id, "query"]);
        }
        let token = self.tokens.get(&scope).await?;
        let body = json!({"query": query, "timespan": timespan});
        let reply = self.transport.exchange(Method::POST, url, &resource, Some(&token), Some(&body), None).await?;
        if reply.status != 200 {
            return Err(refusal::read("POST", &resource, reply.status, &reply.headers, &reply.body));
        }
        read(&resource, reply.document(&resource)?)
    }
}

fn read(resource: &str, answer: Value) -> Result<Table, Error> {
    if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
        let words = refusal::of_object(error);
        let call = Call {
            method: "POST".to_owned(),
            resource: resource.to_owned(),
            status: Some(200),
            code: words.code,
            inner_code: words.inner_code,
            message: words.message,
            ..Call::default()
        };
        return Err(Error::new(Kind::Rejected, call));
    }
    let unclear =
        |why: String| Error::rejected("POST", resource, "NotUnderstood", format!("the answer holds no table: {why}"));
    let first = answer.pointer("/tables/0").cloned().ok_or_else(|| unclear("there is none".to_owned()))?;
    serde_json::from_value(first).map_err(|error| unclear(error.to_string()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_the_name_of_their_column() {
        let answer = json!({"tables": [{"name": "PrimaryResult",
            "columns": [{"name": "Computer", "type": "string"}, {"name": "Status", "type": "string"}],
            "rows": [["node-1", "Ready"], ["node-2", "NotReady"]]}]});
        let table = read("logs", answer).unwrap();
        let states: Vec<_> =
            table.rows.iter().map(|row| table.value(row, "Status").unwrap().as_str().unwrap()).collect();
        assert_eq!(states, ["Ready", "NotReady"]);
        assert_eq!(table.value(&table.rows[0], "Nothing"), None);
    }

    #[test]
    fn a_partial_answer_is_an_error_with_its_words() {
        let answer = json!({"tables": [{"name": "PrimaryResult", "columns": [], "rows": []}],
            "error": {"code": "PartialError", "message": "There were some errors when processing your query.",
                      "details": [{"code": "EngineError", "message": "Something went wrong processing your query."}]}});
        let error = read("logs", answer).unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Rejected, "PartialError"));
        assert!(error.message().ends_with("Something went wrong processing your query."));
    }
}
