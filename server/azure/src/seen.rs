//! Whole lists as somebody saw them a moment ago: a look at one of their members is answered from them.
use crate::id::ResourceId;
use serde_json::Value;
use std::sync::Arc;

/// Lists of the subscription, one a kind of resource, each with all that there was of it. Cheap to clone.
#[derive(Clone, Default)]
pub struct Seen(Arc<[(String, Arc<Vec<Value>>)]>);

impl Seen {
    /// Of lists by their kind (`Microsoft.KeyVault/vaults`).
    pub fn new(lists: impl IntoIterator<Item = (String, Arc<Vec<Value>>)>) -> Self {
        Self(lists.into_iter().collect())
    }

    /// The resource, or `None` where there was none; the outer `None` says that its kind is in no list.
    pub(crate) fn find(&self, id: &ResourceId) -> Option<Option<&Value>> {
        let kind = id.kind();
        let (_, list) = self.0.iter().find(|(listed, _)| listed.eq_ignore_ascii_case(&kind))?;
        Some(list.iter().find(|one| one["id"].as_str().is_some_and(|other| other.eq_ignore_ascii_case(id.as_str()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_in_no_list_has_to_be_asked_for() {
        let group = ResourceId::resource_group("s", "rg-shop");
        let vault = group.child("Microsoft.KeyVault/vaults", "kv-shop");
        let list = vec![json!({"id": vault.as_str().to_uppercase(), "name": "kv-shop"})];
        let seen = Seen::new([("microsoft.keyvault/Vaults".to_owned(), Arc::new(list))]);
        assert_eq!(seen.find(&vault).flatten().map(|found| &found["name"]), Some(&json!("kv-shop")));
        assert_eq!(seen.find(&group.child("Microsoft.KeyVault/vaults", "kv-other")), Some(None));
        assert_eq!(seen.find(&group), None);
        assert_eq!(seen.find(&vault.child("Microsoft.Authorization/roleAssignments", "a")), None);
    }
}
