//! A person's word to a job: what was said, by whom, when and why.

use super::Event;
use crate::account::short;
use crate::moment::Moment;
use crate::reason::Reason;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = JobWord))]
pub struct Word {
    pub at: Moment,
    pub kind: Kind,
    /// Account name.
    pub by: String,
    /// Of a word that needs none, or from before reasons were kept: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Reason>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = JobWordKind))]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Cancel,
    Retry,
    RollBack,
    TakeOver,
}

impl Word {
    /// What an event says of a person, where it does.
    pub fn of(at: Moment, event: &Event) -> Option<Word> {
        let (kind, by, why) = match event {
            Event::CancelAsked { by, why } => (Kind::Cancel, by, why.clone()),
            Event::RetryAsked { by, why } => (Kind::Retry, by, why.clone()),
            Event::RollBackAsked { by, why } => (Kind::RollBack, by, why.clone()),
            Event::TakenOver { by, why } => (Kind::TakeOver, by, Some(why.clone())),
            _ => return None,
        };
        Some(Word { at, kind, by: by.clone(), why })
    }

    /// "member cancelled it".
    pub fn deed(&self) -> String {
        let did = match self.kind {
            Kind::Cancel => "cancelled it",
            Kind::Retry => "let it go on",
            Kind::RollBack => "rolled it back",
            Kind::TakeOver => "took it from its worker",
        };
        format!("{} {did}", short(&self.by))
    }

    /// "member cancelled it: “wrong region”".
    pub fn sentence(&self) -> String {
        match &self.why {
            Some(why) => format!("{}: “{why}”", self.deed()),
            None => self.deed(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_from_before_reasons_were_kept_still_reads() {
        let old = serde_json::from_str::<Event>(r#"{"event":"cancel-asked","by":"member@contoso.example"}"#);
        let word = Word::of(Moment(7), &old.expect("an event"));
        assert_eq!(word.map(|word| word.sentence()).as_deref(), Some("member cancelled it"));
    }

    #[test]
    fn a_reason_stays_with_its_word() {
        let why = Reason::parse("hangs since noon").ok();
        let event = Event::TakenOver { by: "platform-engineer@contoso.example".into(), why: why.expect("a reason") };
        let kept = serde_json::to_string(&event).expect("a document");
        let word = serde_json::from_str(&kept).ok().and_then(|read| Word::of(Moment(7), &read));
        let said = word.map(|word| word.sentence());
        assert_eq!(said.as_deref(), Some("platform-engineer took it from its worker: “hangs since noon”"));
    }
}
