//! The document of an environment's whole wish, as it stands in a file beside a team's code: its fields, its schema.
#![allow(unused_qualifications)] // the macro that makes the schema writes them

use axum::Json;
use axum::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use domain::form::Form;
use domain::tags::Tags;
use domain::wish::{AppIdentity, DeletedVault, TeamRole, Tier};
use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use utoipa::{PartialSchema, ToSchema};

/// Where the schema is, for editors.
pub const SCHEMA: &str = "/api/schemas/wish.json";

/// Everything that an environment shall be. What is left out has the template's default at first, and stays later.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WishDocument, title = "The wish for an environment of Keystead")]
pub struct Document {
    /// Of the environment; the address of a PUT has it too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 3, max_length = 21, pattern = "^[a-z](-?[a-z0-9])*$", examples("payments-staging"))]
    pub name: Option<String>,
    /// Name of the team that it is for. Fixed once the environment is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("payments"))]
    pub team: Option<String>,
    /// Azure's name of the region. Fixed once the environment is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("westeurope"))]
    pub region: Option<String>,
    /// Name of the template that brings the defaults; `GET /api/v1/templates` lists them. Fixed once it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("web-app-one-node"))]
    pub template: Option<String>,
    /// Azure's name of the size of each node.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 60, pattern = "^Standard_[A-Za-z0-9_-]+$", examples("Standard_D2s_v5"))]
    pub node_size: Option<String>,
    /// How many nodes the cluster has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 10)]
    pub nodes: Option<u32>,
    /// Version of Kubernetes, in quotes: a number would lose its last digit. It is never taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(pattern = r"^\d{1,3}\.\d{1,3}(\.\d{1,3})?$", examples("1.36"))]
    pub kubernetes: Option<String>,
    /// The cluster's service level.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    pub tier: Option<Tier>,
    /// Of the Key Vault; `kv-` and the environment's name without it. Fixed once it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 3, max_length = 24, pattern = "^[A-Za-z](-?[A-Za-z0-9])*$", examples("kv-payments-staging"))]
    pub vault_name: Option<String>,
    /// For how many days Azure keeps the vault and its secrets after their removal. Fixed once it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 7, maximum = 90)]
    pub soft_delete_days: Option<u32>,
    /// Whether nobody can purge the vault before that; it is never switched off again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purge_protection: Option<bool>,
    /// What becomes of a deleted vault that holds the name; read when the environment is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    pub vault_deleted: Option<DeletedVault>,
    /// Whose identity the web app reads its secrets with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    pub app_identity: Option<AppIdentity>,
    /// What the team's group may do on the vault.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(inline)]
    pub team_role: Option<TeamRole>,
    /// Server of the database, `HOST` or `HOST:PORT`. Fixed once the environment is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("db.contoso.example:5432"))]
    pub db_server: Option<String>,
    /// Name of the database. Fixed once the environment is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub db_database: Option<String>,
    /// Name of the database user. Fixed once the environment is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub db_username: Option<String>,
    /// Password of the database user where the template brings none, read when it is made; never keep it in a file.
    #[serde(skip_serializing_if = "always", serialize_with = "nothing")]
    #[schema(value_type = Option<String>, format = Password, write_only)]
    pub db_password: Option<SecretString>,
    /// Whether Container Insights watches the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub insights: Option<bool>,
    /// Log Analytics workspace: `own`, or the ARM id of one that may be shared.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(examples("own"))]
    pub workspace: Option<String>,
    /// For how many days a workspace of its own keeps what it is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 30, maximum = 730)]
    pub kept_days: Option<u32>,
    /// The web app's image, with its tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 255, pattern = "^[A-Za-z0-9./:_@-]+$", examples("registry.contoso.example/webapp:1.8.2"))]
    pub image: Option<String>,
    /// How many pods of the web app run.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 10)]
    pub replicas: Option<u32>,
    /// Of the web app's public address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 65535)]
    pub port: Option<u32>,
    /// How long the environment lives, counted from its first approval.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 365)]
    pub lifetime_days: Option<u32>,
    /// On every resource that can bear them, at most ten; `{}` has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<BTreeMap<String, String>>,
    /// What the approver is told; no part of what is compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 2000)]
    pub reason: Option<String>,
}

impl Document {
    /// The answers that a form would hold.
    pub fn form(&self) -> Form {
        let text = |answer: &Option<String>| answer.clone().unwrap_or_default();
        let number = |answer: Option<u32>| answer.map(|number| number.to_string()).unwrap_or_default();
        let yes = |answer: Option<bool>| answer.map_or("", |yes| if yes { "yes" } else { "no" }).to_owned();
        Form {
            name: text(&self.name),
            team: text(&self.team),
            region: text(&self.region),
            template: text(&self.template),
            node_size: text(&self.node_size),
            nodes: number(self.nodes),
            kubernetes: text(&self.kubernetes),
            tier: word(self.tier),
            vault_name: text(&self.vault_name),
            soft_delete_days: number(self.soft_delete_days),
            purge_protection: yes(self.purge_protection),
            vault_deleted: word(self.vault_deleted),
            app_identity: word(self.app_identity),
            team_role: word(self.team_role),
            db_server: text(&self.db_server),
            db_database: text(&self.db_database),
            db_username: text(&self.db_username),
            insights: yes(self.insights),
            workspace: text(&self.workspace),
            kept_days: number(self.kept_days),
            image: text(&self.image),
            replicas: number(self.replicas),
            port: number(self.port),
            lifetime_days: number(self.lifetime_days),
            tags: match &self.tags {
                None => String::new(),
                Some(tags) if tags.is_empty() => "none".to_owned(),
                Some(tags) => tags.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("\n"),
            },
            reason: text(&self.reason),
        }
    }

    /// The document that wants what these answers want; the reason was given for what stands.
    pub fn of(form: &Form) -> Document {
        let tags = Tags::parse(&form.tags).unwrap_or_default();
        let text = |answer: &str| Some(answer.to_owned()).filter(|answer| !answer.is_empty());
        let number = |answer: &str| answer.parse().ok();
        let yes = |answer: &str| text(answer).map(|answer| answer == "yes");
        let with_insights = form.insights == "yes";
        Document {
            name: text(&form.name),
            team: text(&form.team),
            region: text(&form.region),
            template: text(&form.template),
            node_size: text(&form.node_size),
            nodes: number(&form.nodes),
            kubernetes: text(&form.kubernetes),
            tier: read(&form.tier),
            vault_name: text(&form.vault_name),
            soft_delete_days: number(&form.soft_delete_days),
            purge_protection: yes(&form.purge_protection),
            vault_deleted: None,
            app_identity: read(&form.app_identity),
            team_role: read(&form.team_role),
            db_server: text(&form.db_server),
            db_database: text(&form.db_database),
            db_username: text(&form.db_username),
            db_password: None,
            insights: yes(&form.insights),
            workspace: text(&form.workspace).filter(|_| with_insights),
            kept_days: number(&form.kept_days),
            image: text(&form.image),
            replicas: number(&form.replicas),
            port: number(&form.port),
            lifetime_days: number(&form.lifetime_days),
            tags: Some(tags.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()),
            reason: None,
        }
    }
}

/// A password is read and never written.
fn always<T>(_: &T) -> bool {
    true
}

fn nothing<T, S: Serializer>(_: &T, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_none()
}

/// A word of a closed list, as the form and the document write it.
fn word<T: Serialize>(answer: Option<T>) -> String {
    let word = serde_json::to_value(answer).unwrap_or_default();
    word.as_str().unwrap_or_default().to_owned()
}

fn read<T: for<'a> Deserialize<'a>>(answer: &str) -> Option<T> {
    serde_json::from_value(Value::from(answer)).ok()
}

/// JSON Schema 2020-12 of the document, made from the type.
pub fn schema_of_the_document() -> Value {
    let mut schema = serde_json::to_value(Document::schema()).unwrap_or_default();
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    // What a new environment needs; a document that is kept says it always.
    schema["required"] = json!(["team", "region", "template"]);
    schema
}

/// `GET /api/schemas/wish.json`: for everybody, so that an editor needs no token.
pub async fn schema() -> Response {
    let headers = [
        (CONTENT_TYPE, "application/schema+json"),
        (CACHE_CONTROL, "public, max-age=3600"),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, Json(schema_of_the_document())).into_response()
}
