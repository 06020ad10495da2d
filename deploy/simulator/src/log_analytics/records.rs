//! Keeps the records of each workspace in the state, in batches by table and time, the oldest of which go first.

use jiff::Timestamp;
use serde_json::Value;

use super::kql;
use super::schema::Schema;
use crate::state::Draft;

/// The collection of the batches, by workspace, table and time: each a list of rows, each row a JSON object by column.
const RECORDS: &str = "logRecords";

/// How many rows a table of a workspace keeps; Azure keeps them for the workspace's retention.
const KEPT: usize = 5000;

/// Adds rows to a table. Rows of one call have one time in their key and their own in `TimeGenerated`.
pub(super) fn add(draft: &mut Draft<'_>, customer: &str, table: &str, source: &str, at: Timestamp, rows: Vec<Value>) {
    if rows.is_empty() {
        return;
    }
    let under = format!("{customer}/{table}/");
    let mut kept = rows.len();
    let mut batches: Vec<(String, usize)> = Vec::new();
    draft.visit(RECORDS, &under, |id, batch| batches.push((id.to_owned(), batch.as_array().map_or(0, Vec::len))));
    for (id, count) in batches.iter().rev() {
        kept += count;
        if kept > KEPT {
            draft.remove(RECORDS, id);
        }
    }
    // Twenty digits keep the order of the text the order of time.
    draft.put(RECORDS, &format!("{under}{:020}-{source}", at.as_microsecond()), Value::Array(rows));
}

/// A table of a workspace as a query sees it.
pub(super) fn table(draft: &Draft<'_>, customer: &str, schema: &Schema) -> kql::Table {
    let columns = schema.columns();
    let mut rows = Vec::new();
    draft.visit(RECORDS, &format!("{customer}/{}/", schema.name), |_, batch| {
        for row in batch.as_array().into_iter().flatten() {
            let value = |column: &kql::Column| match column.name.as_str() {
                "Type" => kql::Value::Text(schema.name.to_owned()),
                "TenantId" => kql::Value::Text(customer.to_owned()),
                "SourceSystem" => kql::Value::Text("Containers".to_owned()),
                name => kql::Value::of_json(&row[name], column.kind),
            };
            rows.push(columns.iter().map(value).collect());
        }
    });
    kql::Table { columns, rows }
}

/// Forgets everything of a workspace.
pub(super) fn forget(draft: &mut Draft<'_>, customer: &str) {
    let ids: Vec<String> = draft.list_under(RECORDS, &format!("{customer}/")).into_iter().map(|(id, _)| id).collect();
    for id in ids {
        draft.remove(RECORDS, &id);
    }
}
