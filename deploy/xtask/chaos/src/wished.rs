//! What the newest job of an environment was to make of it, held against the simulator's picture.

use crate::base::Base;
use crate::judge::Verdict;
use crate::world::{Thing, World};
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

pub struct Wished {
    name: String,
    pub group: String,
    /// Whether it shall be there, because its job said that it is.
    pub stands: bool,
    /// As the job keeps it.
    wish: Value,
    /// Steps that leave something, by key: what each makes.
    steps: BTreeMap<String, String>,
}

/// Resources by the keys of the steps that make them.
const RESOURCES: [(&str, &str); 5] = [
    ("workspace", "Microsoft.OperationalInsights/workspaces"),
    ("cluster", "Microsoft.ContainerService/managedClusters"),
    ("vault", "Microsoft.KeyVault/vaults"),
    ("app-identity", "Microsoft.ManagedIdentity/userAssignedIdentities"),
    ("collection-rule", "Microsoft.Insights/dataCollectionRules"),
];

const SECRETS: [&str; 4] = [
    "Webapp-DB-Server-Database",
    "Webapp-DB-Server-Name",
    "Webapp-DB-Server-UserPassword",
    "Webapp-DB-Server-Username",
];

/// Of every environment whose newest job is over.
pub fn all(base: &Base) -> Result<Vec<Wished>> {
    const SQL: &str = "select job.environment_name, job.state, job.wish, job.outline from job \
        where job.id = (select max(id) from job as other where other.environment = job.environment) \
        and job.state in ('succeeded', 'rolled-back') order by job.id";
    base.rows(SQL)?.into_iter().map(Wished::of_row).collect()
}

impl Wished {
    fn of_row(row: Vec<String>) -> Result<Wished> {
        let [name, state, wish, outline] = <[String; 4]>::try_from(row).ok().context("a row of four columns")?;
        let outline: Vec<Value> = serde_json::from_str(&outline)?;
        let text = |step: &Value, field: &str| step[field].as_str().unwrap_or_default().to_owned();
        let there = outline.iter().filter(|step| step["aim"] != "gone" && step["leaves"] == true);
        let steps: BTreeMap<String, String> = there.map(|step| (text(step, "key"), text(step, "resource"))).collect();
        let stands = state == "succeeded" && steps.contains_key("resource-group");
        Ok(Wished { group: format!("rg-{name}"), wish: serde_json::from_str(&wish)?, name, stands, steps })
    }

    pub fn hold(&self, world: &World, verdict: &mut Verdict) {
        let Wished { name, group, .. } = self;
        let going_on = world.operations(group);
        verdict.hold(going_on.is_empty(), || format!("{name}: its job is over, and yet {going_on:?} goes on"));
        let inside = world.inside(group);
        if !self.stands {
            let left: Vec<&str> = inside.iter().map(Thing::path).collect();
            let is_there = world.group(group).is_some();
            verdict.hold(!is_there, || format!("{name} shall be gone, {group} is there: {left:?}"));
            let nodes = world.groups().find(|other| other.starts_with(&format!("MC_{group}_")));
            verdict.hold(nodes.is_none(), || format!("{name} shall be gone, {nodes:?} is there"));
            return;
        }
        let Some(there) = world.group(group) else {
            return verdict.hold(false, || format!("{name} shall be there, {group} is not"));
        };
        // Group, provider, type and name: what lies in those belongs to them.
        let outermost: Vec<&Thing<'_>> = inside.iter().filter(|thing| thing.path().split('/').count() == 4).collect();
        let found: BTreeSet<String> = outermost.iter().map(|thing| thing.path().to_ascii_lowercase()).collect();
        self.same("resources", &self.resources(), &found, verdict);
        self.same("roles", &self.roles(), &world.roles(group), verdict);
        let tags = self.tags();
        for thing in outermost.into_iter().chain([&there]) {
            let mut found = thing.tags();
            let id = found.remove("keystead-environment-id");
            let found: BTreeMap<String, String> =
                found.into_iter().map(|(tag, value)| (tag.to_owned(), value.to_owned())).collect();
            verdict.hold(id.is_some() && found == tags, || {
                format!("{name}: {} has the tags {found:?} and the id {id:?}, not {tags:?}", thing.path())
            });
        }
        self.hold_cluster(&inside, verdict);
        self.hold_secrets(&inside, world, verdict);
    }

    fn hold_cluster(&self, inside: &[Thing<'_>], verdict: &mut Verdict) {
        let Some(cluster) = self.steps.get("cluster") else { return };
        let path = format!("Microsoft.ContainerService/managedClusters/{cluster}");
        let of = |below: String, label: &str| {
            let thing = inside.iter().find(|thing| thing.is(&below));
            thing.and_then(|thing| thing.fact(label)).unwrap_or("none")
        };
        let wished = &self.wish["cluster"];
        let text = |field: &str| wished[field].as_str().unwrap_or_default();
        let mut fact = |label: &str, found: &str, is_kept: bool, wanted: &Value| {
            verdict.hold(is_kept, || format!("{}: {label} of {cluster} is {found}, not {wanted}", self.name));
        };
        let pool = |label: &str| of(format!("{path}/agentPools/nodes"), label);
        let (count, size) = (pool("count"), pool("size"));
        fact("count", count, count.parse().ok() == wished["nodes"].as_u64(), &wished["nodes"]);
        fact("size", size, size == text("node_size"), &wished["node_size"]);
        let kubernetes = text("kubernetes");
        let is_version = |found: &str| found == kubernetes || found.starts_with(&format!("{kubernetes}."));
        for version in [pool("version"), of(path.clone(), "version")] {
            fact("version", version, is_version(version), &wished["kubernetes"]);
        }
        let tier = of(path.clone(), "tier");
        fact("tier", tier, tier.eq_ignore_ascii_case(text("tier")), &wished["tier"]);
        let monitoring = of(path.clone(), "monitoring");
        let wanted = self.steps.contains_key("insights");
        fact("monitoring", monitoring, (monitoring == "true") == wanted, &Value::Bool(wanted));
        let is_wished = !self.wish["insights"].is_null();
        fact("monitoring", "in the wish", is_wished == wanted, &Value::Bool(wanted));
    }

    fn hold_secrets(&self, inside: &[Thing<'_>], world: &World, verdict: &mut Verdict) {
        let vault = self.wish["vault"]["name"].as_str().unwrap_or_default();
        let wanted: BTreeSet<&str> = if self.steps.contains_key("secrets") { SECRETS.into() } else { BTreeSet::new() };
        let found = world.secrets(vault);
        verdict.hold(found == wanted, || format!("{}: {vault} has the secrets {found:?}, not {wanted:?}", self.name));
        let trusts: BTreeSet<String> = inside
            .iter()
            .filter(|thing| thing.path().contains("/federatedIdentityCredentials/"))
            .map(|thing| format!("{} {}", thing.path(), thing.fact("subject").unwrap_or("none")).to_ascii_lowercase())
            .collect();
        let trust = self.steps.get("federated-credential").map(|trust| {
            let identity = self.steps.get("app-identity").map(String::as_str).unwrap_or_default();
            let path = format!("{}/Microsoft.ManagedIdentity/userAssignedIdentities/{identity}", self.group);
            format!("{path}/federatedIdentityCredentials/{trust} system:serviceaccount:webapp:webapp")
                .to_ascii_lowercase()
        });
        self.same("trusts", &trust.into_iter().collect(), &trusts, verdict);
    }

    /// `GROUP/PROVIDER/TYPE/NAME`, in small letters.
    fn resources(&self) -> BTreeSet<String> {
        let path = |(key, kind): &(&str, &str)| {
            let name = self.steps.get(*key)?;
            Some(format!("{}/{kind}/{name}", self.group).to_ascii_lowercase())
        };
        RESOURCES.iter().filter_map(path).collect()
    }

    /// `ROLE to PRINCIPAL at SCOPE`, in small letters.
    fn roles(&self) -> BTreeSet<String> {
        let step = |key: &str| self.steps.get(key).map(String::as_str).unwrap_or_default();
        let vault = format!("{}/Microsoft.KeyVault/vaults/{}", self.group, step("vault"));
        let cluster = format!("{}/Microsoft.ContainerService/managedClusters/{}", self.group, step("cluster"));
        let team = self.wish["team"].as_str().unwrap_or_default();
        let team_role = match self.wish["roles"]["team_role"].as_str() {
            Some("secrets-officer") => "Key Vault Secrets Officer",
            _ => "Key Vault Reader",
        };
        let app = "Key Vault Secrets User";
        let nodes = format!("{}-agentpool", step("cluster"));
        let all = [
            ("portal-vault-role", "Key Vault Secrets Officer", "keystead-portal", &vault),
            ("team-vault-role", team_role, team, &vault),
            ("app-vault-role", app, step("app-identity"), &vault),
            ("agent-pool-vault-role", app, &nodes, &vault),
            ("portal-cluster-role", "Azure Kubernetes Service RBAC Cluster Admin", "keystead-portal", &cluster),
        ];
        all.into_iter()
            .filter(|(key, ..)| self.steps.contains_key(*key))
            .map(|(_, role, whom, scope)| format!("{role} to {whom} at {scope}").to_ascii_lowercase())
            .collect()
    }

    /// Those of the wish and Keystead's own, without the environment's id.
    fn tags(&self) -> BTreeMap<String, String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let own = self.wish["tags"].as_object().into_iter().flatten();
        let mut tags: BTreeMap<String, String> = own.map(|(tag, value)| (tag.clone(), text(value))).collect();
        tags.insert("keystead-environment".to_owned(), self.name.clone());
        tags.insert("keystead-team".to_owned(), text(&self.wish["team"]));
        if let Some(centre) = self.wish["cost_centre"].as_str() {
            tags.insert("cost-centre".to_owned(), centre.to_owned());
        }
        tags
    }

    fn same(&self, what: &str, wanted: &BTreeSet<String>, found: &BTreeSet<String>, verdict: &mut Verdict) {
        verdict.hold(wanted == found, || {
            let missing: Vec<&String> = wanted.difference(found).collect();
            let strange: Vec<&String> = found.difference(wanted).collect();
            format!("{}: {what} missing {missing:?}, nobody's wish {strange:?}", self.name)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORLD: &str = "\
groups
  MC_rg-calm_aks-calm_westeurope location=westeurope
  rg-calm location=westeurope tags keystead-environment=calm, keystead-environment-id=#1, keystead-team=payments
resources
  rg-calm/Microsoft.ContainerService/managedClusters/aks-calm location=westeurope tier=Free version=1.36.0 \
monitoring=true tags keystead-environment=calm, keystead-environment-id=#1, keystead-team=payments
  rg-calm/Microsoft.ContainerService/managedClusters/aks-calm/agentPools/nodes mode=System count=2 \
size=Standard_D2s_v5 version=1.36.0
  rg-calm/Microsoft.KeyVault/vaults/kv-calm location=westeurope tags keystead-environment=calm, \
keystead-environment-id=#1, keystead-team=payments
  rg-calm/Microsoft.ManagedIdentity/userAssignedIdentities/id-calm location=westeurope tags \
keystead-environment=calm, keystead-environment-id=#1, keystead-team=payments
  rg-calm/Microsoft.ManagedIdentity/userAssignedIdentities/id-calm/federatedIdentityCredentials/webapp \
subject=system:serviceaccount:webapp:webapp
assignments
  rg-calm/Microsoft.KeyVault/vaults/kv-calm: Key Vault Reader to Payments
secrets
  kv-calm/Webapp-DB-Server-Database 1 version
  kv-calm/Webapp-DB-Server-Name 1 version
  kv-calm/Webapp-DB-Server-UserPassword 1 version
  kv-calm/Webapp-DB-Server-Username 1 version
";

    fn calm(state: &str) -> Wished {
        let wish = r#"{"team":"payments","cluster":{"node_size":"Standard_D2s_v5","nodes":2,"kubernetes":"1.36",
            "tier":"free"},"vault":{"name":"kv-calm"},"roles":{"team_role":"reader"},"insights":{"kept_days":30}}"#;
        let steps = [
            ("resource-group", "rg-calm"),
            ("cluster", "aks-calm"),
            ("vault", "kv-calm"),
            ("app-identity", "id-calm"),
            ("federated-credential", "webapp"),
            ("team-vault-role", "Key Vault Reader on kv-calm"),
            ("secrets", "Webapp-DB-Server-…"),
            ("insights", "Container Insights on aks-calm"),
        ];
        let outline: Vec<Value> = steps
            .iter()
            .map(
                |(key, resource)| serde_json::json!({"key": key, "resource": resource, "aim": "there", "leaves": true}),
            )
            .collect();
        let row = ["calm", state, wish, &Value::from(outline).to_string()].map(str::to_owned);
        Wished::of_row(row.to_vec()).expect("a row")
    }

    fn violations(state: &str, world: &str) -> usize {
        let mut verdict = Verdict::default();
        calm(state).hold(&World::read(world), &mut verdict);
        verdict.tell()
    }

    #[test]
    fn a_world_as_it_was_wished_is_no_violation() {
        assert_eq!(violations("succeeded", WORLD), 0);
        assert_eq!(violations("rolled-back", "groups\n  rg-calmer location=westeurope\n"), 0);
    }

    #[test]
    fn whatever_differs_is_one() {
        let changes = [
            ("count=2", "count=3"),
            ("size=Standard_D2s_v5", "size=Standard_D4s_v5"),
            ("mode=System count=2 size=Standard_D2s_v5 version=1.36.0", "count=2 size=Standard_D2s_v5 version=1.37.0"),
            ("tier=Free", "tier=Standard"),
            ("monitoring=true", "monitoring=false"),
            ("keystead-team=payments\n  rg-calm/Microsoft.ManagedI", "\n  rg-calm/Microsoft.ManagedI"),
            ("Key Vault Reader", "Key Vault Secrets Officer"),
            ("to Payments", "to somebody who is gone"),
            ("  kv-calm/Webapp-DB-Server-Name 1 version\n", ""),
            ("webapp:webapp", "webapp:other"),
            ("kv-calm location", "kv-other location"),
            ("secrets\n", "operations\n  update rg-calm/Microsoft.KeyVault/vaults/kv-calm\nsecrets\n"),
        ];
        for (from, to) in changes {
            assert!(WORLD.contains(from), "{from}");
            assert!(violations("succeeded", &WORLD.replace(from, to)) > 0, "{from} became {to}");
        }
        assert!(violations("rolled-back", WORLD) > 0);
    }
}
