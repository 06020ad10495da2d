//! Webhooks that teams subscribe: where what happens is told to, and how each delivery came out.

use crate::moment::Moment;
use crate::name::TeamName;
use serde::{Deserialize, Serialize};

/// Which rows a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[serde(default)]
pub struct Filter {
    /// Of this team; without it of every team that the caller looks after.
    pub team: String,
    /// `next` of the page before.
    pub after: String,
    /// Rows of a page: 50 without it, at most 200.
    #[cfg_attr(feature = "schema", param(minimum = 1, maximum = 200))]
    pub limit: Option<u32>,
}

/// Which deliveries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[serde(default)]
pub struct Deliveries {
    /// `next` of the page before.
    pub after: String,
    /// Rows of a page: 50 without it, at most 200.
    #[cfg_attr(feature = "schema", param(minimum = 1, maximum = 200))]
    pub limit: Option<u32>,
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Webhook))]
pub struct Row {
    pub id: String,
    pub team: TeamName,
    pub name: String,
    /// As far as its path; a key may stand behind the question mark, and is shown to nobody.
    pub url: String,
    /// Which events it is told of, as `job.finished`; empty: all.
    pub events: Vec<String>,
    /// Whether it is told of anything now.
    pub enabled: bool,
    pub created_at: Moment,
    /// Account name.
    pub created_by: String,
    /// Until then the secret before signs too.
    pub former_secret_until: Option<Moment>,
    /// Since when nothing reaches it; `null`: what was sent last arrived.
    pub failing_since: Option<Moment>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Webhooks))]
pub struct List {
    pub rows: Vec<Row>,
    pub next: Option<String>,
    /// Teams whose webhooks the caller looks after, by name and title.
    pub teams: Vec<(String, String)>,
}

/// A subscription that is asked for.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = NewWebhook))]
#[serde(default, deny_unknown_fields)]
pub struct New {
    pub team: String,
    /// 1 to 60 characters.
    pub name: String,
    /// `https://…`, outside this network.
    pub url: String,
    /// As `job.finished`; empty: all.
    pub events: Vec<String>,
}

/// What is to be otherwise; what is left out stays.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = WebhookChange))]
#[serde(default, deny_unknown_fields)]
pub struct Change {
    pub name: Option<String>,
    pub url: Option<String>,
    pub events: Option<Vec<String>>,
    pub enabled: Option<bool>,
}

/// A subscription with the secret that signs what it is told; shown here and never again.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = WebhookSecret))]
pub struct Made {
    /// `whsec_…`, as the Standard Webhooks specification writes it.
    pub secret: String,
    #[serde(flatten)]
    pub row: Row,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = DeliveryState))]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It is tried now, or again.
    Waiting,
    Sent,
    /// For a day in vain, or refused for good.
    GivenUp,
}

/// One event on its way to one webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = WebhookDelivery))]
pub struct Delivery {
    /// The `webhook-id` that the receiver sees; a redelivery bears the same one.
    pub id: String,
    /// As `job.finished`, or `ping`.
    pub event: String,
    pub at: Moment,
    pub state: State,
    pub tries: i64,
    /// Of the last answer; `null`: there was none.
    pub last_status: Option<u16>,
    /// What stood in the way last.
    pub why: Option<String>,
    pub next_try_at: Option<Moment>,
    pub ended_at: Option<Moment>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = DeliveryList))]
pub struct Log {
    pub rows: Vec<Delivery>,
    pub next: Option<String>,
}
