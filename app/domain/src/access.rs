//! Who can do what with the secrets of a vault: a role assignment as far as it matters for them, since when, until when.

use crate::moment::Moment;
use serde::{Deserialize, Serialize};

/// What a principal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = SecretHolderKind))]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Person,
    Group,
    /// A managed identity or another application.
    Application,
    Unknown,
}

impl Kind {
    /// Of Azure's `principalType`.
    pub fn of(word: &str) -> Kind {
        match word {
            "User" => Kind::Person,
            "Group" => Kind::Group,
            "ServicePrincipal" => Kind::Application,
            _ => Kind::Unknown,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Kind::Person => "person",
            Kind::Group => "group",
            Kind::Application => "application",
            Kind::Unknown => "unknown principal",
        }
    }
}

/// A group through which somebody holds a role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub id: String,
    pub name: Option<String>,
}

/// One principal by one role assignment, itself or as a member of the group that it names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// The assignment's id.
    pub assignment: String,
    /// Object id.
    pub principal: String,
    pub kind: Kind,
    /// As the directory or Keystead knows it.
    pub name: Option<String>,
    pub through: Option<Group>,
    /// As Azure shows it: `Key Vault Secrets User`.
    pub role: String,
    /// Where the assignment was made.
    pub scope: String,
    /// Reads values.
    pub reads: bool,
    /// Gives roles, and so could give itself the one to read.
    pub grants: bool,
    /// Whether the assignment holds under a condition only.
    pub conditional: bool,
    /// When the assignment was made, as Azure says.
    pub given: Option<Moment>,
}

impl Holding {
    /// What tells it from every other one of the same vault.
    pub fn key(&self) -> String {
        format!("{}|{}", self.assignment, self.principal).to_lowercase()
    }
}

/// From how far above or below the vault an assignment reaches its secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    /// One secret of the vault.
    Secret(String),
    Vault,
    ResourceGroup,
    Subscription,
    /// A management group, or the root of all.
    Above,
}

impl Reach {
    /// `None` where the scope has nothing to do with the secrets of this vault. Ids are compared as Azure does.
    pub fn of(scope: &str, vault: &str) -> Option<Reach> {
        let (scope, vault) = (scope.trim_end_matches('/').to_lowercase(), vault.to_lowercase());
        if scope == vault {
            return Some(Reach::Vault);
        }
        if let Some(below) = scope.strip_prefix(&format!("{vault}/")) {
            let secret = below.strip_prefix("secrets/")?;
            return Some(Reach::Secret(secret.split('/').next()?.to_owned()));
        }
        if scope.is_empty() || scope.starts_with("/providers/microsoft.management/managementgroups/") {
            return Some(Reach::Above);
        }
        let above = vault.starts_with(&format!("{scope}/"));
        match scope.split('/').count() {
            3 if above => Some(Reach::Subscription),
            5 if above => Some(Reach::ResourceGroup),
            _ => None,
        }
    }

    /// "on the vault".
    pub fn words(&self) -> String {
        match self {
            Reach::Secret(name) => format!("on the secret {name} alone"),
            Reach::Vault => "on the vault".to_owned(),
            Reach::ResourceGroup => "inherited from the resource group".to_owned(),
            Reach::Subscription => "inherited from the subscription".to_owned(),
            Reach::Above => "inherited from above the subscription".to_owned(),
        }
    }
}

/// How well a time is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = HeldSince))]
#[serde(rename_all = "kebab-case")]
pub enum Since {
    At(Moment),
    /// It was there at the first look.
    Before(Moment),
    /// Between two looks.
    Between {
        earliest: Moment,
        latest: Moment,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = HeldUntil))]
#[serde(rename_all = "kebab-case")]
pub enum Until {
    /// It was there at the newest look.
    Still,
    Between {
        earliest: Moment,
        latest: Moment,
    },
}

/// Whether something held at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Held {
    No,
    /// Nobody looked just then.
    Perhaps,
    Yes,
}

/// A holding over time, as the looks at it tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = HeldSpan))]
pub struct Span {
    pub since: Since,
    pub until: Until,
}

impl Span {
    /// `looked` is the newest look.
    pub fn at(self, when: Moment, looked: Moment) -> Held {
        let begun = match self.since {
            Since::At(at) if when >= at => Held::Yes,
            Since::At(_) => Held::No,
            Since::Before(at) if when >= at => Held::Yes,
            Since::Before(_) => Held::Perhaps,
            Since::Between { earliest: before, latest: after } => within(when, before, after, Held::No, Held::Yes),
        };
        let lasted = match self.until {
            Until::Still if when <= looked => Held::Yes,
            Until::Still => Held::Perhaps,
            Until::Between { earliest: before, latest: after } => within(when, before, after, Held::Yes, Held::No),
        };
        begun.min(lasted)
    }
}

fn within(when: Moment, before: Moment, after: Moment, early: Held, late: Held) -> Held {
    if when <= before {
        early
    } else if when >= after {
        late
    } else {
        Held::Perhaps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VAULT: &str = "/subscriptions/s-1/resourceGroups/rg-shop/providers/Microsoft.KeyVault/vaults/kv-shop";

    #[test]
    fn a_scope_reaches_the_secrets_from_above_at_or_below_the_vault() {
        let reach = |scope: &str| Reach::of(scope, VAULT);
        assert_eq!(reach(&VAULT.to_uppercase()), Some(Reach::Vault));
        assert_eq!(reach(&format!("{VAULT}/secrets/db-Password")), Some(Reach::Secret("db-password".to_owned())));
        assert_eq!(reach(&format!("{VAULT}/keys/one")), None);
        assert_eq!(reach("/subscriptions/s-1/resourcegroups/RG-SHOP"), Some(Reach::ResourceGroup));
        assert_eq!(reach("/subscriptions/S-1"), Some(Reach::Subscription));
        assert_eq!(reach("/providers/Microsoft.Management/managementGroups/root"), Some(Reach::Above));
        assert_eq!(reach("/"), Some(Reach::Above));
        for elsewhere in ["/subscriptions/s-2", "/subscriptions/s-1/resourceGroups/rg-sho", &format!("{VAULT}2")] {
            assert_eq!(reach(elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn whether_somebody_held_it_is_told_no_better_than_it_is_known() {
        let (at, looked) = (Moment, Moment(100));
        let still = |since| Span { since, until: Until::Still };
        let told = |span: Span, when: &[i64]| when.iter().map(|when| span.at(at(*when), looked)).collect::<Vec<_>>();
        use Held::{No, Perhaps, Yes};
        assert_eq!(told(still(Since::At(at(10))), &[9, 10, 100, 101]), [No, Yes, Yes, Perhaps]);
        assert_eq!(told(still(Since::Before(at(10))), &[9, 10]), [Perhaps, Yes]);
        assert_eq!(told(still(Since::Between { earliest: at(10), latest: at(20) }), &[10, 15, 20]), [No, Perhaps, Yes]);
        let ended = Span { since: Since::At(at(10)), until: Until::Between { earliest: at(50), latest: at(60) } };
        assert_eq!(told(ended, &[9, 50, 55, 60]), [No, Yes, Perhaps, No]);
        // Seen at one look alone.
        let short = Span {
            since: Since::Between { earliest: at(10), latest: at(20) },
            until: Until::Between { earliest: at(20), latest: at(30) },
        };
        assert_eq!(told(short, &[10, 15, 20, 25, 30]), [No, Perhaps, Yes, Perhaps, No]);
    }
}
