//! Who has to approve before a request becomes a job: levels in order, and the record of what was said on the way.

mod level;

use crate::moment::Moment;
use crate::wish::Wish;
use crate::{name::TeamName, request::Kind};
use level::upper;
use serde::{Deserialize, Serialize};

pub use level::{By, Group, Level};

/// What becomes of a request that nobody has answered in its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unanswered {
    /// It expires.
    #[default]
    Expires,
    /// The platform engineers are asked instead, once, for as long again.
    Escalates,
}

/// How a request is approved; frozen with it, so that a policy that changes later changes no request that waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// In order; never empty.
    #[serde(default = "managers")]
    pub levels: Vec<Level>,
    /// Whether an approval needs a comment too.
    #[serde(default)]
    pub comment: bool,
    #[serde(default = "seven")]
    pub valid_days: u32,
    #[serde(default)]
    pub unanswered: Unanswered,
}

fn seven() -> u32 {
    7
}

fn managers() -> Vec<Level> {
    vec![Level::MANAGER]
}

impl Default for Rule {
    fn default() -> Rule {
        Rule { levels: managers(), comment: false, valid_days: seven(), unanswered: Unanswered::default() }
    }
}

impl Rule {
    /// Milliseconds for which a request waits.
    pub fn valid_ms(&self) -> i64 {
        i64::from(self.valid_days) * 86_400_000
    }

    /// The level of this number, counted from 0; the last one where a rule has fewer.
    pub fn level(&self, number: u32) -> &Level {
        static MANAGER: Level = Level::MANAGER;
        self.levels.get(number as usize).or(self.levels.last()).unwrap_or(&MANAGER)
    }

    /// The levels before this one.
    pub fn before(&self, number: u32) -> &[Level] {
        self.levels.get(..number as usize).unwrap_or(&self.levels)
    }

    pub fn is_last(&self, number: u32) -> bool {
        number as usize + 1 >= self.levels.len()
    }

    /// "A manager of team Payments decides, then a platform engineer."
    pub fn words(&self, managers: &str) -> String {
        let said: Vec<String> = self.levels.iter().map(|level| level.words_within(managers)).collect();
        match said.as_slice() {
            [] => format!("{managers} decides."),
            [only] => format!("{} {}.", upper(only), self.level(0).decides()),
            [first, rest @ ..] => {
                let then: Vec<String> = rest.iter().map(|next| format!("then {next}")).collect();
                format!("{} {}, {}.", upper(first), self.level(0).decides(), then.join(", "))
            }
        }
    }
}

/// When a rule holds: every part that is named has to fit, the first policy that fits decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// As a page says it: "Large clusters".
    pub title: String,
    pub kinds: Vec<Kind>,
    pub teams: Vec<TeamName>,
    pub templates: Vec<String>,
    /// From so many cores on all nodes together.
    pub cores: Option<u32>,
    /// From so much a month, in whole units of the installation's currency.
    pub monthly: Option<i64>,
    /// Whether the vault is protected against purging, as production's are.
    pub purge_protection: Option<bool>,
    pub rule: Rule,
}

/// How large what is asked for is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// On all nodes together.
    pub cores: u32,
    /// What it costs, in millionths; none where that is not known yet.
    pub monthly: Option<i64>,
}

impl Policy {
    fn fits(&self, kind: Kind, wish: &Wish, size: &Size) -> bool {
        let dear = |from: i64| size.monthly.is_some_and(|monthly| monthly >= from.saturating_mul(1_000_000));
        (self.kinds.is_empty() || self.kinds.contains(&kind))
            && (self.teams.is_empty() || self.teams.contains(&wish.team))
            && (self.templates.is_empty() || self.templates.iter().any(|name| *name == wish.template.name.to_string()))
            && self.cores.is_none_or(|from| size.cores >= from)
            && self.monthly.is_none_or(dear)
            && self.purge_protection.is_none_or(|wanted| wish.vault.purge_protection == wanted)
    }

    /// The rule of the first policy that fits, or that of one manager.
    pub fn rule<'a>(policies: impl IntoIterator<Item = &'a Policy>, kind: Kind, wish: &Wish, size: &Size) -> Rule {
        let fits = policies.into_iter().find(|policy| policy.fits(kind, wish, size));
        fits.map(|policy| policy.rule.clone()).unwrap_or_default()
    }
}

/// What happened to a request while it waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = RecordWord))]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    Approved,
    Rejected,
    ChangesAsked,
    Withdrawn,
    Commented,
    /// The plan became another one: what was approved counts for nothing.
    Lapsed,
    Escalated,
    Expired,
}

impl Word {
    pub const ALL: [Word; 8] = [
        Word::Approved,
        Word::Rejected,
        Word::ChangesAsked,
        Word::Withdrawn,
        Word::Commented,
        Word::Lapsed,
        Word::Escalated,
        Word::Expired,
    ];

    /// As the database writes it.
    pub fn key(self) -> &'static str {
        match self {
            Word::Approved => "approved",
            Word::Rejected => "rejected",
            Word::ChangesAsked => "changes-asked",
            Word::Withdrawn => "withdrawn",
            Word::Commented => "commented",
            Word::Lapsed => "lapsed",
            Word::Escalated => "escalated",
            Word::Expired => "expired",
        }
    }

    pub fn of_key(key: &str) -> Option<Word> {
        Word::ALL.into_iter().find(|word| word.key() == key)
    }

    /// As the record says it.
    pub fn said(self) -> &'static str {
        match self {
            Word::Approved => "Approved",
            Word::Rejected => "Rejected",
            Word::ChangesAsked => "Asked for changes",
            Word::Withdrawn => "Withdrawn",
            Word::Commented => "Said",
            Word::Lapsed => "Approvals lapsed",
            Word::Escalated => "Handed to the platform engineers",
            Word::Expired => "Expired",
        }
    }
}

/// One line of a request's record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = RecordEntry))]
pub struct Entry {
    pub at: Moment,
    pub word: Word,
    /// Account name; none where nobody did it.
    pub by: Option<String>,
    /// For whom, where an approver had handed over.
    pub on_behalf: Option<String>,
    /// Level, from 0, on which it was said.
    pub level: u32,
    /// Rises when approvals lapse: only those of the present round count.
    pub round: u32,
    /// The plan that it was about.
    pub digest: String,
    /// The comment, or what has changed, a line each.
    pub text: String,
}

/// Approvals that count in this round.
pub fn standing(record: &[Entry], round: u32) -> impl Iterator<Item = &Entry> {
    record.iter().filter(move |entry| entry.word == Word::Approved && entry.round == round)
}

/// Whether somebody of this name has approved in this round, or another for them.
pub fn has_answered(record: &[Entry], round: u32, name: &str) -> bool {
    standing(record, round).any(|entry| entry.by.as_deref() == Some(name) || entry.on_behalf.as_deref() == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::tests::sample;

    fn two() -> Rule {
        let levels = vec![Level { by: By::Managers, approvers: 1 }, Level { by: By::Platform, approvers: 2 }];
        Rule { levels, ..Rule::default() }
    }

    #[test]
    fn a_rule_says_who_decides_in_order() {
        let words = "a manager of team Payments";
        assert_eq!(Rule::default().words(words), "A manager of team Payments decides.");
        assert_eq!(two().words(words), "A manager of team Payments decides, then 2 platform engineers.");
        let platform = Rule { levels: vec![Level { by: By::Platform, approvers: 1 }], ..Rule::default() };
        assert_eq!(platform.words(words), "A platform engineer decides.");
        let security = |approvers| Level { by: By::group("1", "Security"), approvers };
        let grouped = Rule { levels: vec![security(1), Level::MANAGER, security(2)], ..Rule::default() };
        let said = "Security decides, then a manager of team Payments, then 2 of Security.";
        assert_eq!(grouped.words(words), said);
    }

    #[test]
    fn the_first_policy_that_fits_in_every_part_decides() {
        let wish = sample();
        let cores = |cores| Size { cores, monthly: None };
        let large = Policy { cores: Some(16), rule: two(), ..Policy::default() };
        let destroy =
            Policy { kinds: vec![Kind::Destroy], rule: Rule { comment: true, ..Rule::default() }, ..Policy::default() };
        let policies = [large, destroy];
        assert_eq!(Policy::rule(&policies, Kind::Create, &wish, &cores(15)), Rule::default());
        assert_eq!(Policy::rule(&policies, Kind::Create, &wish, &cores(16)), two());
        assert!(Policy::rule(&policies, Kind::Destroy, &wish, &cores(2)).comment);
        let elsewhere =
            Policy { teams: vec![TeamName::parse("catalogue").expect("a team")], rule: two(), ..Policy::default() };
        assert_eq!(Policy::rule([&elsewhere], Kind::Create, &wish, &cores(99)), Rule::default());
    }

    #[test]
    fn what_is_dear_is_told_by_whole_units_and_not_before_its_price_is_known() {
        let dear = [Policy { monthly: Some(450), rule: two(), ..Policy::default() }];
        let rule = |monthly| Policy::rule(&dear, Kind::Create, &sample(), &Size { cores: 2, monthly });
        assert_eq!((rule(Some(449_999_999)), rule(None)), (Rule::default(), Rule::default()));
        assert_eq!((rule(Some(450_000_000)), rule(Some(i64::MAX))), (two(), two()));
    }

    #[test]
    fn only_approvals_of_the_present_round_count_and_for_both_names() {
        let said = |word, round, by: &str, on_behalf: Option<&str>| Entry {
            at: Moment(0),
            word,
            by: Some(by.into()),
            on_behalf: on_behalf.map(str::to_owned),
            level: 0,
            round,
            digest: String::new(),
            text: String::new(),
        };
        let record = [
            said(Word::Approved, 0, "one", None),
            said(Word::Lapsed, 0, "one", None),
            said(Word::Approved, 1, "two", Some("three")),
            said(Word::Commented, 1, "four", None),
        ];
        assert_eq!(standing(&record, 1).count(), 1);
        let answered = ["one", "two", "three", "four"].map(|name| has_answered(&record, 1, name));
        assert_eq!(answered, [false, true, true, false]);
    }
}
