//! Kubernetes' own rights: roles say what may be done, bindings who may do it. They decide for everybody whom role
//! assignments in Azure do not decide for.
//!
//! Rules and words are those of k8s.io/kubernetes `plugin/pkg/auth/authorizer/rbac` and `pkg/registry/rbac`.

mod builtin;
mod escalation;
mod form;

use std::sync::Arc;

use serde_json::Value;

use super::cluster::Cluster;
use super::kind::{self, Kind};
use super::object::{self, list, text};
use super::store::Key;

pub use builtin::{listed, named as built_in};
pub use escalation::{check as check_held, instead};
pub use form::check as check_form;

/// What somebody wants to do.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    pub verb: &'a str,
    pub group: &'a str,
    /// The plural, with its part: `pods/log`.
    pub resource: &'a str,
    /// Empty: in the whole cluster.
    pub namespace: &'a str,
    /// Empty: any.
    pub name: &'a str,
}

/// Who wants it, as Kubernetes names people, programs and groups.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub name: &'a str,
    pub groups: &'a [String],
}

/// A rule that counts for somebody, and through which binding.
pub struct Granted {
    role: Arc<Value>,
    binding: Arc<Value>,
}

impl Granted {
    fn rules(&self) -> &[Value] {
        list(&self.role, "/rules")
    }

    /// As the authorizer of Kubernetes tells it.
    fn reason(&self, subject: Subject<'_>) -> String {
        let (binding, role) = (&self.binding, &self.role);
        let place = match object::namespace(binding) {
            "" => object::name(binding).to_owned(),
            namespace => format!("{}/{namespace}", object::name(binding)),
        };
        let whom = list(binding, "/subjects").iter().find(|it| is(it, subject));
        let whom = whom.map(|it| match text(it, "/kind") {
            "ServiceAccount" => format!("ServiceAccount \"{}/{}\"", text(it, "/name"), text(it, "/namespace")),
            kind => format!("{kind} \"{}\"", text(it, "/name")),
        });
        format!(
            "RBAC: allowed by {} \"{place}\" of {} \"{}\" to {}",
            text(binding, "/kind"),
            text(role, "/kind"),
            object::name(role),
            whom.unwrap_or_default()
        )
    }
}

/// Why somebody may do that; nothing where they may not.
pub async fn allows(cluster: &Cluster, subject: Subject<'_>, wish: &Wish<'_>) -> Option<String> {
    let granted = granted(cluster, subject, wish.namespace).await;
    let found = granted.iter().find(|it| it.rules().iter().any(|rule| covers(rule, wish)))?;
    Some(found.reason(subject))
}

/// Everything that is granted to somebody, in the whole cluster and in one namespace (or, empty, in none).
async fn granted(cluster: &Cluster, subject: Subject<'_>, namespace: &str) -> Vec<Granted> {
    let mut bindings = cluster.rights(&kind::CLUSTER_ROLE_BINDING, "").await;
    if !namespace.is_empty() {
        bindings.extend(cluster.rights(&kind::ROLE_BINDING, namespace).await);
    }
    let mut all = Vec::new();
    for binding in bindings {
        if list(&binding, "/subjects").iter().any(|it| is(it, subject))
            && let Some(role) = role_of(cluster, &binding).await
        {
            all.push(Granted { role, binding });
        }
    }
    all
}

/// The role that a binding gives, where it is there.
async fn role_of(cluster: &Cluster, binding: &Value) -> Option<Arc<Value>> {
    let name = text(binding, "/roleRef/name");
    match text(binding, "/roleRef/kind") {
        "Role" => cluster.objects.get(&Key::new(&kind::ROLE, object::namespace(binding), name)).await,
        _ => match cluster.objects.get(&Key::new(&kind::CLUSTER_ROLE, "", name)).await {
            Some(role) => Some(role),
            None => built_in(cluster, &kind::CLUSTER_ROLE, name),
        },
    }
}

/// Whether a binding's subject is this one.
fn is(subject: &Value, who: Subject<'_>) -> bool {
    let name = text(subject, "/name");
    match text(subject, "/kind") {
        "User" => who.name == name,
        "Group" => who.groups.iter().any(|group| group == name),
        "ServiceAccount" => {
            let full = who.name.strip_prefix("system:serviceaccount:").and_then(|it| it.split_once(':'));
            full == Some((text(subject, "/namespace"), name))
        }
        _ => false,
    }
}

/// Whether a rule lets somebody do that.
fn covers(rule: &Value, wish: &Wish<'_>) -> bool {
    let has = |field: &str, wanted: &str| list(rule, field).iter().any(|it| it == "*" || it == wanted);
    let part = wish.resource.split_once('/').map(|(_, part)| format!("*/{part}"));
    let resource = has("/resources", wish.resource) || part.is_some_and(|part| has("/resources", &part));
    let names = list(rule, "/resourceNames");
    let name = names.is_empty() || names.iter().any(|it| it == wish.name && !wish.name.is_empty());
    has("/verbs", wish.verb) && has("/apiGroups", wish.group) && resource && name
}

impl Cluster {
    /// Roles or bindings, those that every cluster has among them.
    pub async fn rights(&self, kind: &Kind, namespace: &str) -> Vec<Arc<Value>> {
        let (_, mut all) = self.objects.list(kind, namespace).await;
        all.extend(listed(self, kind));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_rule_covers_what_it_names_and_nothing_beside() {
        let wish = |verb, group, resource, name| Wish { verb, group, resource, namespace: "shop", name };
        let rule =
            json!({"verbs": ["get", "list"], "apiGroups": ["", "apps"], "resources": ["pods", "pods/log", "*/scale"]});
        for (wish, covered) in [
            (wish("get", "", "pods", "web"), true),
            (wish("delete", "", "pods", "web"), false),
            (wish("get", "policy", "pods", "web"), false),
            (wish("get", "", "pods/log", "web"), true),
            (wish("get", "", "pods/proxy", "web"), false),
            (wish("get", "apps", "deployments/scale", "web"), true),
        ] {
            assert_eq!(covers(&rule, &wish), covered, "{wish:?}");
        }
        let one = json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"], "resourceNames": ["web"]});
        assert!(covers(&one, &wish("get", "", "pods", "web")));
        assert!(!covers(&one, &wish("get", "", "pods", "other")));
        assert!(!covers(&one, &wish("list", "", "pods", "")), "a list names nobody");
    }

    #[test]
    fn a_service_account_is_known_by_namespace_and_name() {
        let account = json!({"kind": "ServiceAccount", "namespace": "shop", "name": "web"});
        let who = |name| Subject { name, groups: &[] };
        assert!(is(&account, who("system:serviceaccount:shop:web")));
        assert!(!is(&account, who("system:serviceaccount:other:web")));
        assert!(!is(&account, who("web")));
    }
}
