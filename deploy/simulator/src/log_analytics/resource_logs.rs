//! Takes the records of resources' own logs and writes them into the workspaces that diagnostic settings name, as many
//! at a time as have come meanwhile.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use tokio::sync::Notify;

use super::records::{self, Keep};
use super::{settings, workspaces};
use crate::StartError;
use crate::arm::ResourceId;
use crate::parts::{Parts, Start};
use crate::state::StateError;
use crate::world::World;

/// How long Azure takes until a query finds a record.
const LAG: Duration = Duration::from_secs(300);

/// One record, under the names of the resource's own table.
#[derive(Clone, Debug)]
pub struct Record {
    /// The resource that it is about.
    pub resource: String,
    /// Its category, for example `AuditEvent`.
    pub category: &'static str,
    /// The table of its own that the category has.
    pub table: &'static str,
    /// When it happened.
    pub at: Timestamp,
    /// The columns.
    pub columns: Value,
}

/// Records that are not written yet. What is lost with the process is lost; Azure promises no more.
#[derive(Default)]
pub struct ResourceLogs {
    waiting: Mutex<Vec<Record>>,
    came: Notify,
}

impl ResourceLogs {
    /// Hands a record over.
    pub fn send(&self, record: Record) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(record);
        self.came.notify_one();
    }

    fn take(&self) -> Vec<Record> {
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether anybody wants the records of a resource.
pub fn is_wanted(world: &World, resource: &str, category: &str) -> bool {
    world.state.read(|draft| !settings::destinations(draft, resource, category).is_empty())
}

pub(super) fn attach(parts: &mut Parts) {
    parts.add_start(Writing);
}

struct Writing;

#[async_trait]
impl Start for Writing {
    async fn start(&self, world: &Arc<World>) -> Result<(), StartError> {
        let world = world.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = world.resource_logs.came.notified() => {}
                    () = world.stopping.cancelled() => return,
                }
                if let Err(error) = write(&world, world.resource_logs.take()).await {
                    tracing::error!(%error, "records of resources could not be kept");
                }
            }
        });
        Ok(())
    }

    async fn stop(&self, world: &Arc<World>) {
        if let Err(error) = write(world, world.resource_logs.take()).await {
            tracing::error!(%error, "records of resources could not be kept");
        }
    }
}

async fn write(world: &World, waiting: Vec<Record>) -> Result<(), StateError> {
    if waiting.is_empty() {
        return Ok(());
    }
    let arrivals: Vec<Timestamp> = waiting.iter().map(|record| world.hold(&record.resource, "logs", LAG)).collect();
    world
        .state
        .change(|draft| {
            for (record, arrives) in waiting.iter().zip(arrivals) {
                for (workspace, dedicated) in settings::destinations(draft, &record.resource, record.category) {
                    let (table, mut row) = match dedicated {
                        true => (record.table, record.columns.clone()),
                        false => ("AzureDiagnostics", diagnostics(record)),
                    };
                    row["TimeGenerated"] = json!(record.at);
                    row["_TimeReceived"] = json!(arrives);
                    row["_ResourceId"] = json!(record.resource.to_ascii_lowercase());
                    let into = workspaces::place(&workspace);
                    records::add(draft, &into, table, "resources", record.at, vec![row], Keep::Every);
                }
            }
            Ok(())
        })
        .await
}

/// The columns that all resources share, in capitals and small letters as there.
const SHARED: [&str; 7] = [
    "OperationName",
    "OperationVersion",
    "ResultType",
    "ResultSignature",
    "ResultDescription",
    "CorrelationId",
    "DurationMs",
];

/// The same record in the table that all resources share: there every other column ends with its type.
fn diagnostics(record: &Record) -> Value {
    let id = ResourceId::parse(&record.resource);
    let upper = |text: String| json!(text.to_uppercase());
    let mut row = json!({
        "Category": record.category,
        "ResourceId": upper(record.resource.clone()),
        "Resource": upper(id.as_ref().map(|id| id.name().to_owned()).unwrap_or_default()),
        "ResourceGroup": upper(id.as_ref().and_then(ResourceId::resource_group).unwrap_or_default().to_owned()),
        "ResourceProvider": upper(id.as_ref().map(|id| id.namespace().to_owned()).unwrap_or_default()),
        "ResourceType": upper(id.as_ref().map(ResourceId::kind).unwrap_or_default().split('/').next_back().unwrap_or_default().to_owned()),
        "SubscriptionId": id.as_ref().and_then(ResourceId::subscription),
        "CallerIPAddress": record.columns["CallerIpAddress"],
    });
    for (name, value) in record.columns.as_object().into_iter().flatten() {
        match name.as_str() {
            "CallerIpAddress" => {}
            shared if SHARED.contains(&shared) => row[shared] = value.clone(),
            "AddressAuthorizationType" => row["addrAuthType_s"] = value.clone(),
            _ => flatten(&mut row, &lower_first(name), value),
        }
    }
    row
}

/// `{"claim": {"oid": …}}` of `identity` is `identity_claim_oid_g`.
fn flatten(row: &mut Value, name: &str, value: &Value) {
    match value {
        Value::Object(members) => members_of(row, name, members),
        Value::Bool(_) => row[format!("{name}_b")] = value.clone(),
        Value::Number(number) => row[format!("{name}_d")] = json!(number.as_f64()),
        Value::String(text) if uuid::Uuid::parse_str(text).is_ok() => row[format!("{name}_g")] = value.clone(),
        Value::String(_) => row[format!("{name}_s")] = value.clone(),
        Value::Null | Value::Array(_) => {}
    }
}

fn members_of(row: &mut Value, name: &str, members: &Map<String, Value>) {
    for (member, value) in members {
        flatten(row, &format!("{name}_{member}"), value);
    }
}

fn lower_first(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_the_shared_table_a_column_ends_with_its_type() {
        let record = Record {
            resource: "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv".into(),
            category: "AuditEvent",
            table: "AZKVAuditLogs",
            at: Timestamp::UNIX_EPOCH,
            columns: json!({"OperationName": "SecretGet", "HttpStatusCode": 200, "RequestUri": "https://x",
                "CallerIpAddress": "1.2.3.4", "IsAddressAuthorized": true,
                "Identity": {"claim": {"oid": "00000000-0000-0000-0000-000000000001"}}}),
        };
        let row = diagnostics(&record);
        assert_eq!((&row["OperationName"], &row["httpStatusCode_d"]), (&json!("SecretGet"), &json!(200.0)));
        assert_eq!((&row["requestUri_s"], &row["isAddressAuthorized_b"]), (&json!("https://x"), &json!(true)));
        assert!(row["identity_claim_oid_g"].is_string());
        assert_eq!((&row["ResourceProvider"], &row["Resource"]), (&json!("MICROSOFT.KEYVAULT"), &json!("KV")));
        assert_eq!((&row["ResourceType"], &row["CallerIPAddress"]), (&json!("VAULTS"), &json!("1.2.3.4")));
    }
}
