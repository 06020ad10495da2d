//! Reads the condition of a role assignment, and decides whether it is met.
//!
//! The language: Microsoft's page "Azure role assignment condition format and syntax". Understood are `ActionMatches`,
//! `Exists`, `AND`, `OR`, `NOT` in both spellings, parentheses, and comparisons of attributes with strings and ids,
//! with or without the functions over several values. An attribute that a request does not have meets nothing.
use std::collections::BTreeMap;

mod read;

pub use read::read;

/// A condition, ready to be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// All of them.
    All(Vec<Condition>),
    /// One of them.
    Any(Vec<Condition>),
    /// Not this.
    Not(Box<Condition>),
    /// The action is one of those that the pattern names.
    ActionMatches(String),
    /// The request has that attribute.
    Exists(Attribute),
    /// An attribute compares with values.
    Compare(Attribute, Over, Operator, Vec<String>),
}

/// For example `@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId]`: source and name in small letters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attribute {
    /// `request`, `resource`, `principal` or `environment`.
    pub source: String,
    /// `microsoft.authorization/roleassignments:roledefinitionid`
    pub name: String,
}

impl Attribute {
    /// The attribute of that source and name, in any case of letters.
    pub fn new(source: &str, name: &str) -> Self {
        Self { source: source.to_ascii_lowercase(), name: name.to_ascii_lowercase() }
    }
}

/// How several values on both sides count: `ForAnyOfAnyValues` and its siblings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// One on the left with one on the right. Also what a plain operator means.
    AnyOfAny,
    /// Each on the left with one on the right.
    AllOfAny,
    /// One on the left with each on the right.
    AnyOfAll,
    /// Each on the left with each on the right.
    AllOfAll,
}

/// How two values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operator {
    /// What has to hold.
    pub relation: Relation,
    /// Letters count in any case.
    pub ignores_case: bool,
    /// It has not to hold.
    pub negated: bool,
}

/// What has to hold between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// They are the same.
    Equals,
    /// The pattern with `*` on the right matches.
    Like,
    /// The left begins with the right.
    StartsWith,
}

/// The GUID at the end of a resource id, or the text itself.
pub fn guid(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// What a request says about itself.
pub type Attributes = BTreeMap<Attribute, Vec<String>>;

impl Condition {
    /// Whether a request for that action, with those attributes, meets it.
    pub fn is_met(&self, action: &str, attributes: &Attributes) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.is_met(action, attributes)),
            Self::Any(parts) => parts.iter().any(|part| part.is_met(action, attributes)),
            Self::Not(part) => !part.is_met(action, attributes),
            Self::ActionMatches(pattern) => super::matches(pattern, action),
            Self::Exists(attribute) => attributes.contains_key(attribute),
            Self::Compare(attribute, over, operator, right) => match attributes.get(attribute) {
                Some(left) => over.holds(left, right, |left, right| operator.holds(left, right)),
                None => false,
            },
        }
    }
}

impl Over {
    fn holds(self, left: &[String], right: &[String], holds: impl Fn(&str, &str) -> bool) -> bool {
        let any = |one: &String| right.iter().any(|other| holds(one, other));
        let all = |one: &String| right.iter().all(|other| holds(one, other));
        match self {
            Self::AnyOfAny => left.iter().any(any),
            Self::AllOfAny => left.iter().all(any),
            Self::AnyOfAll => left.iter().any(all),
            Self::AllOfAll => left.iter().all(all),
        }
    }
}

impl Operator {
    fn holds(self, left: &str, right: &str) -> bool {
        let fold = |text: &str| if self.ignores_case { text.to_lowercase() } else { text.to_owned() };
        let (left, right) = (fold(left), fold(right));
        let holds = match self.relation {
            Relation::Equals => left == right,
            Relation::StartsWith => left.starts_with(&right),
            Relation::Like => super::matches_exactly(&right, &left),
        };
        holds != self.negated
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const WRITE: &str = "Microsoft.Authorization/roleAssignments/write";
    const DELETE: &str = "Microsoft.Authorization/roleAssignments/delete";
    const USER: &str = "4633458b-17de-408a-b874-0445c86b69e6";
    const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";

    fn attributes(source: &str, role: &str, kind: &str) -> Attributes {
        let name = |name: &str| Attribute::new(source, &format!("Microsoft.Authorization/roleAssignments:{name}"));
        [(name("RoleDefinitionId"), vec![role.to_owned()]), (name("PrincipalType"), vec![kind.to_owned()])].into()
    }

    #[test]
    fn only_these_roles_to_only_these_principals() {
        let text = format!(
            "((!(ActionMatches{{'{WRITE}'}})) OR (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] \
             ForAnyOfAnyValues:GuidEquals {{{USER}, 7f951dda-4ed3-4680-a7ca-43fe172d538d}} AND \
             @Request[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase \
             {{'ServicePrincipal'}})) AND ((!(ActionMatches{{'{DELETE}'}})) OR \
             (@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{USER}}}))"
        );
        let condition = read(&text).unwrap();
        for (action, source, role, kind, expected) in [
            (WRITE, "Request", USER, "ServicePrincipal", true),
            (WRITE, "Request", USER, "serviceprincipal", true),
            (WRITE, "Request", USER, "User", false),
            (WRITE, "Request", OWNER, "ServicePrincipal", false),
            (DELETE, "Resource", USER, "User", true),
            (DELETE, "Resource", OWNER, "User", false),
            ("Microsoft.KeyVault/vaults/write", "Request", OWNER, "User", true),
        ] {
            assert_eq!(condition.is_met(action, &attributes(source, role, kind)), expected, "{action} {role} {kind}");
        }
    }

    #[test]
    fn every_role_but_these() {
        let condition = read(&format!(
            "!(ActionMatches{{'{WRITE}'}}) || @Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] \
             ForAnyOfAllValues:GuidNotEquals {{{OWNER}, 18d7d88d-d35e-4fb5-a5c3-7773c20a72d9}}"
        ));
        let condition = condition.unwrap();
        assert!(condition.is_met(WRITE, &attributes("Request", USER, "User")));
        assert!(!condition.is_met(WRITE, &attributes("Request", &OWNER.to_uppercase(), "User")));
        assert!(!condition.is_met(WRITE, &Attributes::new()), "what a request does not say meets nothing");
    }

    #[test]
    fn what_is_not_understood_is_refused_with_its_place() {
        for (text, why) in [
            ("(ActionMatches{'a'}", "')' is missing"),
            ("@Request[a] NumericLessThan 3", "NumericLessThan"),
            ("@Request[a] StringEquals", "a value"),
            ("", "the end"),
            ("ActionMatches{'a'} nonsense", "nonsense"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
