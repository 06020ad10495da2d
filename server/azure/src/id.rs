//! Builds and takes apart the ids of Azure resources; Azure compares them without regard to case.
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

/// The id of a subscription, a resource group, or a resource, as Azure Resource Manager writes it.
///
/// ```
/// use azure::ResourceId;
///
/// let group = ResourceId::resource_group("6f1e…", "rg-shop");
/// let vault = group.child("Microsoft.KeyVault/vaults", "kv-shop");
/// let role = vault.child("Microsoft.Authorization/roleAssignments", "0aa…");
/// assert_eq!(vault.as_str(), "/subscriptions/6f1e…/resourceGroups/rg-shop/providers/Microsoft.KeyVault/vaults/kv-shop");
/// assert_eq!(role.kind(), "Microsoft.Authorization/roleAssignments");
/// assert_eq!(role.scope().as_ref(), Some(&vault));
/// ```
#[derive(Clone)]
pub struct ResourceId(String);

/// What was given is not the id of a resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a resource id: it has the form /subscriptions/…[/resourceGroups/…][/providers/namespace/type/name…]"
)]
pub struct NotAnId(String);

impl ResourceId {
    pub fn subscription(subscription: &str) -> Self {
        Self(format!("/subscriptions/{subscription}"))
    }

    pub fn resource_group(subscription: &str, name: &str) -> Self {
        Self(format!("/subscriptions/{subscription}/resourceGroups/{name}"))
    }

    /// The registration of a resource provider with a subscription: its GET tells `registrationState`.
    pub fn provider(subscription: &str, namespace: &str) -> Self {
        Self(format!("/subscriptions/{subscription}/providers/{namespace}"))
    }

    /// A resource in this one, or an extension resource on it. A type without a namespace (`agentPools` under a
    /// cluster) nests, and so does a full one that continues this id's own type
    /// (`Microsoft.ContainerService/managedClusters/agentPools`); any other starts a new `/providers/…`
    /// (`Microsoft.Authorization/roleAssignments` on anything).
    pub fn child(&self, kind: &str, name: &str) -> Self {
        let own = format!("{}/", self.kind());
        let nested = match kind.get(..own.len()) {
            Some(head) if head.eq_ignore_ascii_case(&own) => Some(&kind[own.len()..]),
            _ => Some(kind).filter(|kind| !kind.contains('/')),
        };
        match nested {
            Some(rest) => Self(format!("{}/{rest}/{name}", self.0)),
            None => Self(format!("{}/providers/{kind}/{name}", self.0)),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last name in the id.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The full type: `Microsoft.KeyVault/vaults`, `Microsoft.Resources/resourceGroups`,
    /// `Microsoft.Resources/subscriptions`, `Microsoft.Resources/providers`.
    pub fn kind(&self) -> String {
        kind_of_path(&self.0)
    }

    pub fn subscription_id(&self) -> &str {
        self.segment_after("subscriptions").unwrap_or_default()
    }

    pub fn group_name(&self) -> Option<&str> {
        self.segment_after("resourceGroups")
    }

    /// What this resource lies in or on: a role assignment's vault, an agent pool's cluster, a vault's resource group.
    pub fn scope(&self) -> Option<Self> {
        let segments: Vec<&str> = self.0.split('/').skip(1).collect();
        let count = segments.len();
        let provider = segments.iter().rposition(|segment| segment.eq_ignore_ascii_case("providers"));
        let keep = match provider {
            Some(at) if count - at <= 4 => at,
            _ => count.checked_sub(2)?,
        };
        (keep > 0).then(|| Self(format!("/{}", segments[..keep].join("/"))))
    }

    fn segment_after(&self, word: &str) -> Option<&str> {
        let mut segments = self.0.split('/').skip(1);
        segments.find(|segment| segment.eq_ignore_ascii_case(word))?;
        segments.next()
    }
}

/// The type of what a path names; it is also right for the path of a list (`…/providers/Microsoft.KeyVault/deletedVaults`).
pub(crate) fn kind_of_path(path: &str) -> String {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let provider = segments.iter().rposition(|segment| segment.eq_ignore_ascii_case("providers"));
    match provider {
        Some(at) if segments.len() > at + 2 => {
            let types = segments[at + 2..].iter().step_by(2).copied();
            std::iter::once(segments[at + 1]).chain(types).collect::<Vec<_>>().join("/")
        }
        Some(_) => "Microsoft.Resources/providers".to_owned(),
        None => {
            let last = segments.len().saturating_sub(1) / 2 * 2;
            let word = segments.get(last).copied().unwrap_or_default();
            let word = if word.eq_ignore_ascii_case("resourcegroups") { "resourceGroups" } else { word };
            format!("Microsoft.Resources/{word}")
        }
    }
}

impl FromStr for ResourceId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let trimmed = text.trim_end_matches('/');
        let segments: Vec<&str> = trimmed.split('/').collect();
        let whole = segments.len() >= 3
            && segments[0].is_empty()
            && segments[1].eq_ignore_ascii_case("subscriptions")
            && segments[1..]
                .iter()
                .all(|segment| !segment.is_empty() && !segment.contains(['?', '#', '\\']) && *segment != "..");
        if whole { Ok(Self(trimmed.to_owned())) } else { Err(NotAnId(text.to_owned())) }
    }
}

impl PartialEq for ResourceId {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for ResourceId {}

impl Hash for ResourceId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_ascii_lowercase().hash(state);
    }
}

impl AsRef<str> for ResourceId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for ResourceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ResourceId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn vault() -> ResourceId {
        ResourceId::resource_group("s-1", "rg").child("Microsoft.KeyVault/vaults", "kv")
    }

    #[test]
    fn children_nest_and_extensions_begin_anew() {
        let cluster =
            ResourceId::resource_group("s-1", "rg").child("Microsoft.ContainerService/managedClusters", "aks");
        let pool = cluster.child("microsoft.containerservice/managedclusters/agentPools", "np1");
        assert_eq!(pool.as_str(), format!("{cluster}/agentPools/np1"));
        assert_eq!(cluster.child("agentPools", "np1"), pool);
        assert_eq!(pool.kind(), "Microsoft.ContainerService/managedClusters/agentPools");
        assert_eq!(pool.scope(), Some(cluster.clone()));
        let association = cluster.child("Microsoft.Insights/dataCollectionRuleAssociations", "x");
        assert_eq!(
            association.as_str(),
            format!("{cluster}/providers/Microsoft.Insights/dataCollectionRuleAssociations/x")
        );
        assert_eq!(association.scope(), Some(cluster));
    }

    #[test]
    fn scopes_lead_up_to_the_subscription() {
        let group = vault().scope().unwrap();
        assert_eq!(group, ResourceId::resource_group("s-1", "rg"));
        assert_eq!(group.kind(), "Microsoft.Resources/resourceGroups");
        assert_eq!(group.scope(), Some(ResourceId::subscription("s-1")));
        assert_eq!(ResourceId::subscription("s-1").scope(), None);
        let on_subscription = ResourceId::subscription("s-1").child("Microsoft.Authorization/roleAssignments", "g");
        assert_eq!(on_subscription.scope(), Some(ResourceId::subscription("s-1")));
    }

    #[test]
    fn case_does_not_matter_and_parts_are_found() {
        let shouted: ResourceId = vault().as_str().to_uppercase().parse().unwrap();
        assert_eq!(shouted, vault());
        assert_eq!(shouted.group_name(), Some("RG"));
        assert_eq!((vault().subscription_id(), vault().name()), ("s-1", "kv"));
        let stored = serde_json::to_string(&vault()).unwrap();
        assert_eq!(serde_json::from_str::<ResourceId>(&stored).unwrap(), vault());
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in [
            "",
            "/",
            "/subscriptions",
            "/resourceGroups/rg",
            "/subscriptions/s//x",
            "/subscriptions/s?x",
            "/subscriptions/..",
        ] {
            assert!(text.parse::<ResourceId>().is_err(), "{text}");
        }
    }

    #[test]
    fn lists_and_single_things_have_a_type() {
        for (path, kind) in [
            ("/subscriptions", "Microsoft.Resources/subscriptions"),
            ("/subscriptions/s", "Microsoft.Resources/subscriptions"),
            ("/subscriptions/s/locations", "Microsoft.Resources/locations"),
            ("/subscriptions/s/resourcegroups/rg", "Microsoft.Resources/resourceGroups"),
            ("/subscriptions/s/providers/Microsoft.KeyVault", "Microsoft.Resources/providers"),
            ("/subscriptions/s/providers/Microsoft.KeyVault/deletedVaults", "Microsoft.KeyVault/deletedVaults"),
            (
                "/subscriptions/s/providers/Microsoft.ContainerService/locations/eastus/kubernetesVersions",
                "Microsoft.ContainerService/locations/kubernetesVersions",
            ),
        ] {
            assert_eq!(kind_of_path(path), kind);
        }
    }
}
