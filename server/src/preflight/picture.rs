//! A picture of the subscription: lists as they were when somebody last needed them.

use azure::{Azure, Error, ResourceId, Seen};
use domain::Moment;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Lists in the picture; beyond it starts anew.
const MOST: usize = 500;

/// Kinds of which one list holds all there is in a subscription, each document as a look at it alone would find it.
const KINDS: [(&str, &str); 7] = [
    ("Microsoft.Resources/resourceGroups", "resourceGroups"),
    ("Microsoft.ContainerService/managedClusters", "providers/Microsoft.ContainerService/managedClusters"),
    ("Microsoft.KeyVault/vaults", "providers/Microsoft.KeyVault/vaults"),
    ("Microsoft.ManagedIdentity/userAssignedIdentities", "providers/Microsoft.ManagedIdentity/userAssignedIdentities"),
    ("Microsoft.OperationalInsights/workspaces", "providers/Microsoft.OperationalInsights/workspaces"),
    ("Microsoft.Insights/dataCollectionRules", "providers/Microsoft.Insights/dataCollectionRules"),
    ("Microsoft.Authorization/roleAssignments", "providers/Microsoft.Authorization/roleAssignments"),
];

type Lists = HashMap<(String, String), (Moment, Arc<Vec<Value>>)>;

#[derive(Default)]
pub struct Picture(Mutex<Lists>);

impl Picture {
    /// The entries of a list, at most `oldest` milliseconds old.
    pub async fn list(
        &self,
        azure: &Azure,
        path: &str,
        filter: Option<&str>,
        now: Moment,
        oldest: i64,
    ) -> Result<Arc<Vec<Value>>, Error> {
        let key = (path.to_owned(), filter.unwrap_or_default().to_owned());
        let known = self.lists().get(&key).cloned();
        if let Some((_, list)) = known.filter(|(at, _)| now.since(*at) < oldest) {
            return Ok(list);
        }
        let list = Arc::new(azure.arm().list(path, filter).await?);
        let mut lists = self.lists();
        if lists.len() >= MOST {
            lists.clear();
        }
        lists.insert(key, (now, list.clone()));
        Ok(list)
    }

    /// Everything that stands of the kinds that an environment is made of, at most `oldest` milliseconds old: what looks at
    /// environments are answered from, so that a look at one of a thousand asks Azure for little.
    pub async fn seen(&self, azure: &Azure, now: Moment, oldest: i64) -> Result<Seen, Error> {
        let subscription = &ResourceId::subscription(azure.subscription());
        let lists = KINDS.iter().map(|(kind, path)| async move {
            let path = format!("{subscription}/{path}");
            Ok::<_, Error>(((*kind).to_owned(), self.list(azure, &path, None, now, oldest).await?))
        });
        Ok(Seen::new(futures::future::try_join_all(lists).await?))
    }

    /// As if these lists had been asked for at that time; a filter stands behind a question mark.
    #[cfg(test)]
    pub(super) fn known(lists: impl IntoIterator<Item = (String, Vec<Value>)>, at: Moment) -> Picture {
        let known = |(path, list): (String, Vec<Value>)| {
            let (path, filter) = path.split_once('?').unwrap_or((&path, ""));
            ((path.to_owned(), filter.to_owned()), (at, Arc::new(list)))
        };
        Picture(Mutex::new(lists.into_iter().map(known).collect()))
    }

    fn lists(&self) -> std::sync::MutexGuard<'_, Lists> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
