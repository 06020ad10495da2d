//! Takes apart the path of an ARM request: scope, provider, types and names.
use serde::{Deserialize, Serialize};

/// The path of a resource, of a collection of them, or of something asked of one. Letters keep their case as asked;
/// comparisons ignore it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceId {
    text: String,
    scope: String,
    namespace: String,
    rest: Vec<String>,
}

impl ResourceId {
    /// Takes a path with `/providers/` in it apart, at the last one; `None` without it.
    pub fn parse(path: &str) -> Option<Self> {
        let text = format!("/{}", path.trim_matches('/'));
        let at = text.to_ascii_lowercase().rfind("/providers/")?;
        let mut rest = text[at + "/providers/".len()..].split('/').map(str::to_owned);
        let namespace = rest.next().filter(|namespace| !namespace.is_empty())?;
        Some(Self { scope: text[..at].to_owned(), namespace, rest: rest.collect(), text })
    }

    /// The whole path.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What stands before `/providers/`: subscription, resource group, or the resource that is extended. Empty at the tenant.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    /// For example `Microsoft.KeyVault`.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The parts after the namespace: type, name, type, name …
    pub fn rest(&self) -> &[String] {
        &self.rest
    }

    /// Whether it names one resource, rather than a collection or an action.
    pub fn is_resource(&self) -> bool {
        !self.rest.is_empty() && self.rest.len().is_multiple_of(2)
    }

    /// The provider type: `Microsoft.ContainerService/managedClusters/agentPools`.
    pub fn kind(&self) -> String {
        let types = self.rest.iter().step_by(2).map(String::as_str);
        std::iter::once(self.namespace.as_str()).chain(types).collect::<Vec<_>>().join("/")
    }

    /// The resource's own name: the last part of the path.
    pub fn name(&self) -> &str {
        self.rest.last().map(String::as_str).unwrap_or_default()
    }

    /// The names along the path, outermost first.
    pub fn names(&self) -> Vec<&str> {
        self.rest.iter().skip(1).step_by(2).map(String::as_str).collect()
    }

    /// The same path without its last part: the resource that an action is asked of.
    pub fn without_last(&self) -> Option<Self> {
        Self::parse(&self.text[..self.text.rfind('/')?])
    }

    /// The parent of a child resource; `None` for a resource of the first level.
    pub fn parent(&self) -> Option<Self> {
        if self.rest.len() < 4 {
            return None;
        }
        self.without_last()?.without_last()
    }

    /// The same resource, written with the capitals of its kind and of its scope.
    pub fn canonical(&self, kind: &str, scope: &str) -> String {
        let mut types = kind.split('/');
        let mut text = format!("{scope}/providers/{}", types.next().unwrap_or(&self.namespace));
        for (kind, name) in types.zip(self.names()) {
            text.push_str(&format!("/{kind}/{name}"));
        }
        text
    }

    /// The subscription's id, where the path is below one.
    pub fn subscription(&self) -> Option<&str> {
        part_after(&self.text, "subscriptions")
    }

    /// The resource group's name, where the path is below one.
    pub fn resource_group(&self) -> Option<&str> {
        part_after(&self.text, "resourcegroups")
    }
}

/// The part of a path that follows the first part of that name.
pub fn part_after<'a>(path: &'a str, name: &str) -> Option<&'a str> {
    let mut parts = path.split('/');
    parts.find(|part| part.eq_ignore_ascii_case(name))?;
    parts.next().filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extension_of_a_child_is_taken_apart_at_its_last_provider() {
        let id = ResourceId::parse(
            "/subscriptions/s/resourcegroups/g/providers/Microsoft.ContainerService/managedClusters/c/providers/Microsoft.Insights/dataCollectionRuleAssociations/a",
        )
        .expect("a resource");
        assert_eq!(
            id.scope(),
            "/subscriptions/s/resourcegroups/g/providers/Microsoft.ContainerService/managedClusters/c"
        );
        assert_eq!(id.kind(), "Microsoft.Insights/dataCollectionRuleAssociations");
        assert_eq!((id.name(), id.resource_group(), id.is_resource()), ("a", Some("g"), true));
    }

    #[test]
    fn a_child_knows_its_parent_and_its_canonical_name() {
        let id = ResourceId::parse("/subscriptions/s/resourceGroups/G/providers/microsoft.x/things/t/parts/p")
            .expect("a resource");
        assert_eq!(
            id.parent().expect("a parent").as_str(),
            "/subscriptions/s/resourceGroups/G/providers/microsoft.x/things/t"
        );
        assert_eq!(
            id.canonical("Microsoft.X/things/parts", "/subscriptions/s/resourceGroups/g"),
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.X/things/t/parts/p"
        );
    }
}
