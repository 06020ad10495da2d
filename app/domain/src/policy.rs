//! A policy: what the wishes of some teams and templates should be like, and what becomes of one that is not.
//!
//! It is judged purely, over the wish and what stands. [`Judge`] is the place where a program in another language could
//! stand: the same question, the same answer.

pub mod check;
pub mod demand;

use crate::approval::{By, Level, Rule};
use crate::form::{DefaultLifetime, RegionChoice};
use crate::name::{PolicyName, TeamName};
use crate::plan::{Finding, Weight};
use crate::request::Kind;
use crate::wish::Wish;
use demand::{Demand, Demands};
use serde::{Deserialize, Serialize};

/// What becomes of a wish that is not as a policy demands; what weighs more comes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Whoever approves it is told.
    Warn,
    /// A platform engineer has to approve it too.
    Approval,
    /// It cannot be sent.
    Deny,
}

impl Effect {
    /// What weighs most first.
    pub const ALL: [Effect; 3] = [Effect::Deny, Effect::Approval, Effect::Warn];

    /// As a row says it.
    pub fn word(self) -> &'static str {
        match self {
            Effect::Deny => "Denied",
            Effect::Approval => "Further approval",
            Effect::Warn => "Warned of",
        }
    }
}

/// The document, as it is written on the page or stands in the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// As a finding names it: "Production".
    pub title: String,
    /// For these kinds of request; empty: whatever makes or changes something.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<Kind>,
    /// For these teams; empty: for every one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<TeamName>,
    /// For these templates; empty: for every one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub templates: Vec<String>,
    #[serde(skip_serializing_if = "Demands::is_empty")]
    pub deny: Demands,
    #[serde(skip_serializing_if = "Demands::is_empty")]
    pub approval: Demands,
    #[serde(skip_serializing_if = "Demands::is_empty")]
    pub warn: Demands,
}

/// What is judged.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub kind: Kind,
    pub wish: &'a Wish,
    /// What stands, where it is changed.
    pub former: Option<&'a Wish>,
    /// As people call them.
    pub regions: &'a [RegionChoice],
}

/// One thing that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    pub effect: Effect,
    /// The form's field that answers it.
    pub field: String,
    /// With what would pass.
    pub sentence: String,
}

/// Whatever can judge a wish.
pub trait Judge {
    fn judge(&self, asked: &Asked<'_>) -> Vec<Breach>;
}

/// A policy that is switched on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce<J = Policy> {
    pub name: PolicyName,
    /// 0 where it stands in the configuration.
    pub version: u32,
    pub judge: J,
}

/// Which policy a finding is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Ruled {
    pub name: String,
    /// 0 where it stands in the configuration.
    pub version: u32,
    pub effect: Effect,
}

/// What the policies in force say of it, in their order.
pub fn findings<'a, J: Judge + 'a>(all: impl IntoIterator<Item = &'a InForce<J>>, asked: &Asked<'_>) -> Vec<Finding> {
    let found = all.into_iter().flat_map(|one| {
        one.judge.judge(asked).into_iter().map(|breach| Finding {
            weight: if breach.effect == Effect::Deny { Weight::Deny } else { Weight::Warn },
            field: Some(breach.field),
            sentence: breach.sentence,
            policy: Some(Ruled { name: one.name.to_string(), version: one.version, effect: breach.effect }),
        })
    });
    found.collect()
}

/// The rule with the platform engineers added, where a policy asks for them and they are not asked already.
#[must_use]
pub fn raised(mut rule: Rule, findings: &[Finding]) -> Rule {
    let platform = rule.levels.iter().any(|level| level.by == By::Platform);
    if !platform && needs_approval(findings) {
        rule.levels.push(Level { by: By::Platform, approvers: 1 });
    }
    rule
}

pub fn needs_approval(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.effect() == Some(Effect::Approval))
}

/// What policies say otherwise now than then, a line each; another version that says the same is no difference.
pub fn differences(then: &[Finding], now: &[Finding]) -> Vec<String> {
    let same = |one: &Finding, other: &Finding| {
        let key = |finding: &Finding| finding.policy.as_ref().map(|policy| (policy.name.clone(), policy.effect));
        key(one) == key(other) && (&one.field, &one.sentence) == (&other.field, &other.sentence)
    };
    let of_policy = |all: &[Finding], others: &[Finding]| -> Vec<Finding> {
        let new = all.iter().filter(|finding| finding.policy.is_some());
        new.filter(|finding| !others.iter().any(|other| same(finding, other))).cloned().collect()
    };
    let begun = of_policy(now, then).into_iter().map(|finding| {
        let word = match finding.effect() {
            Some(Effect::Deny) => "denied now",
            Some(Effect::Approval) => "needs a further approval now",
            _ => "warned of now",
        };
        format!("policy, {word}: {}", finding.sentence.trim_end_matches('.'))
    });
    let ended = of_policy(then, now).into_iter();
    let ended = ended.map(|finding| format!("policy, no longer: {}", finding.sentence.trim_end_matches('.')));
    begun.chain(ended).collect()
}

impl Finding {
    /// Of one that a policy says.
    pub fn effect(&self) -> Option<Effect> {
        self.policy.as_ref().map(|policy| policy.effect)
    }
}

impl PolicyName {
    /// "Long lives" is `long-lives`.
    pub fn of_title(title: &str) -> Result<PolicyName, String> {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { ' ' };
        let spaced: String = title.chars().map(plain).collect();
        let name = spaced.split_whitespace().collect::<Vec<_>>().join("-");
        match name.as_str() {
            "new" => Err("This title makes the address of the form. Take another one.".to_owned()),
            _ => PolicyName::parse(&name)
                .map_err(|_| "A title begins with a letter from a to z and has at most 60 characters.".to_owned()),
        }
    }
}

impl Policy {
    /// Each part with what becomes of a wish that is otherwise; what weighs most first.
    pub fn parts(&self) -> [(Effect, &Demands); 3] {
        [(Effect::Deny, &self.deny), (Effect::Approval, &self.approval), (Effect::Warn, &self.warn)]
    }

    /// Whether it has anything to say of this wish; of a removal nothing has.
    pub fn applies(&self, kind: Kind, wish: &Wish) -> bool {
        let removes = matches!(kind, Kind::Destroy | Kind::Release);
        // Another name or plan for what is being made or changed is asked for as that was.
        let kinds: &[Kind] = match kind {
            Kind::Rename | Kind::Replan => &[Kind::Create, Kind::Change],
            _ => std::slice::from_ref(&kind),
        };
        !removes
            && (self.kinds.is_empty() || self.kinds.iter().any(|known| kinds.contains(known)))
            && (self.teams.is_empty() || self.teams.contains(&wish.team))
            && (self.templates.is_empty() || self.templates.iter().any(|name| name == wish.template.name.as_str()))
    }

    /// The days that a form for a new environment begins with where this policy applies, if it says so; of several the
    /// fewest.
    pub fn lifetime(&self) -> Option<DefaultLifetime> {
        let creates = self.kinds.is_empty() || self.kinds.contains(&Kind::Create);
        let defaults = self.parts().into_iter().filter_map(|(_, demands)| demands.lifetime_days?.default);
        let days = defaults.min().filter(|_| creates)?;
        Some(DefaultLifetime { teams: self.teams.clone(), templates: self.templates.clone(), days })
    }

    /// What it demands, in words: with what becomes of anything else.
    pub fn says(&self, regions: &[RegionChoice]) -> Vec<(Effect, String)> {
        let said = |(effect, demands): (Effect, &Demands)| {
            let begins = demands.lifetime_days.and_then(|lifetime| lifetime.default);
            let words = move |demand: Demand<'_>| match (demand, begins) {
                (Demand::Lifetime(_), Some(days)) => format!("{}, {days} by default", demand.passes(regions)),
                _ => demand.passes(regions),
            };
            demands.all().into_iter().map(move |demand| (effect, words(demand))).collect::<Vec<_>>()
        };
        self.parts().into_iter().flat_map(said).collect()
    }

    fn sentence(&self, demand: Demand<'_>, effect: Effect, has: &str, regions: &[RegionChoice]) -> String {
        let (title, passes) = (&self.title, demand.passes(regions));
        match effect {
            Effect::Deny => {
                format!("Policy “{title}” demands {passes}, and this has {has}: {}.", demand.remedy())
            }
            Effect::Approval => {
                format!("Policy “{title}” expects {passes}: with {has} a platform engineer approves it too.")
            }
            Effect::Warn => format!("Policy “{title}” expects {passes}, and this has {has}."),
        }
    }
}

impl Judge for Policy {
    fn judge(&self, asked: &Asked<'_>) -> Vec<Breach> {
        if !self.applies(asked.kind, asked.wish) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for (effect, demands) in self.parts() {
            for demand in demands.all() {
                // Of one answer a policy says once what weighs most.
                if found.iter().any(|breach: &Breach| breach.field == demand.field()) {
                    continue;
                }
                let Some(miss) = demand.miss(asked.wish, asked.regions) else { continue };
                let stood = asked.former.and_then(|former| demand.miss(former, asked.regions));
                let effect = match (stood, asked.kind, effect) {
                    // What stood so before, or comes nearer to what passes, is no reason to keep a change back.
                    (Some(stood), _, _) if stood.has == miss.has || miss.by < stood.by => Effect::Warn,
                    // The job is half done, and its answers can be no others any more.
                    (_, Kind::Rename | Kind::Replan, Effect::Deny) => Effect::Approval,
                    _ => effect,
                };
                let sentence = self.sentence(demand, effect, &miss.has, asked.regions);
                found.push(Breach { effect, field: demand.field().to_owned(), sentence });
            }
        }
        found
    }
}

#[cfg(test)]
mod tests;
