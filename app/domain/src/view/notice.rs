//! What somebody is told: the newest notices, what is mailed, and for platform engineers what could not be delivered.

use crate::moment::Moment;
use crate::notice::{About, Kind};
use serde::{Deserialize, Serialize};

/// How far a delivery has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = DeliveryStand))]
#[serde(rename_all = "kebab-case")]
pub enum Stand {
    Waiting,
    Sent,
    GivenUp,
}

impl Stand {
    pub fn word(self) -> &'static str {
        match self {
            Stand::Waiting => "Waiting",
            Stand::Sent => "Sent",
            Stand::GivenUp => "Given up",
        }
    }
}

/// What became of the mail about a notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailed {
    pub stand: Stand,
    /// What stood in the way last.
    pub why: Option<String>,
}

/// One notice to the reader; `id` is also the cursor behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub id: String,
    pub at: Moment,
    pub subject: String,
    pub about: About,
    /// None where it was not to be mailed.
    pub mail: Option<Mailed>,
}

/// A delivery that failed so far, or for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Delivery))]
pub struct Undelivered {
    pub id: String,
    pub at: Moment,
    pub subject: String,
    /// "Mail", "Webhook".
    pub channel: String,
    /// Account name, or the webhook's name.
    pub recipient: String,
    pub stand: Stand,
    pub why: String,
    pub tries: i64,
}

/// What could not be delivered, a page of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Deliveries {
    pub rows: Vec<Undelivered>,
    /// Cursor of the page after this.
    pub next: Option<String>,
}

/// Whether mail reaches the reader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MailWay {
    /// No mail server is configured.
    None,
    /// The directory told no address, and the account name is none.
    NoAddress,
    To(String),
}

/// The whole page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct List {
    pub rows: Vec<Row>,
    /// Cursor of the page after this.
    pub next: Option<String>,
    pub mail: MailWay,
    /// Each kind, and whether it is to be mailed.
    pub choices: Vec<(Kind, bool)>,
    /// For platform engineers alone.
    pub undelivered: Option<Vec<Undelivered>>,
}
