//! A recipe: a list of steps, validated when the server starts, from which the outlines of jobs are made.

use super::erased::AnyStep;
use domain::job::{Aim, Outline, recipe_key};
use domain::wish::Wish;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Steps in the order in which a plan tells them: each after those it needs.
#[derive(Clone)]
pub struct Recipe {
    name: &'static str,
    steps: Vec<Arc<dyn AnyStep>>,
}

/// What stands of an environment: the output of each step by its key, null where none is known.
pub type Standing = BTreeMap<String, Value>;

impl Recipe {
    /// Says what is wrong where a key is used twice, or a need is not in the list before its step.
    pub fn new(name: &'static str, steps: Vec<Arc<dyn AnyStep>>) -> Result<Recipe, String> {
        let mut before = BTreeSet::new();
        for step in &steps {
            for (need, _) in step.needs() {
                if !before.contains(need) {
                    return Err(format!(
                        "recipe {name}: step {} needs {need}, which does not stand before it",
                        step.key()
                    ));
                }
            }
            if !before.insert(step.key()) {
                return Err(format!("recipe {name}: step {} is there twice", step.key()));
            }
        }
        Ok(Recipe { name, steps })
    }

    pub fn name(&self) -> &'static str {
        self.name
    }

    pub fn step(&self, key: &str) -> Option<&Arc<dyn AnyStep>> {
        self.steps.iter().find(|step| step.key() == key)
    }

    /// A step of a job that a newer Keystead has begun, and that this one cannot carry on.
    pub fn beyond<'a>(&self, outline: &'a [Outline]) -> Option<&'a Outline> {
        outline.iter().find(|kept| self.step(kept.recipe_key()).is_none_or(|step| step.version() < kept.version))
    }

    /// The steps that this wish has.
    pub fn steps<'a>(&'a self, wish: &'a Wish) -> impl Iterator<Item = &'a Arc<dyn AnyStep>> {
        self.steps.iter().filter(|step| step.applies(wish))
    }

    /// What a job that makes everything keeps of the recipe: enough to fold, draw and decide without it.
    pub fn outline(&self, wish: &Wish) -> Vec<Outline> {
        let present: BTreeSet<&str> = self.steps(wish).map(|step| step.key()).collect();
        self.steps(wish).map(|step| outlined(step, wish, Aim::There, &present)).collect()
    }

    /// Of a job that makes `wish` of an environment of which this stands under `former`: what is wished first, then what
    /// is not wished any more goes, the proof comes last.
    pub fn outline_of_change(&self, former: &Wish, wish: &Wish, standing: &Standing) -> Vec<Outline> {
        let goes = |step: &&Arc<dyn AnyStep>| {
            let stays = step.applies(wish) && !step.leaves_former(former, wish);
            step.leaves() && standing.contains_key(step.key()) && !stays
        };
        let going: BTreeSet<&str> = self.steps.iter().filter(goes).map(|step| step.key()).collect();
        let mut built = self.outline(wish);
        for step in &mut built {
            let left = standing.get(&step.key).filter(|_| !going.contains(step.key.as_str()));
            step.stood = left.cloned();
        }
        let there: BTreeSet<String> = built.iter().map(|step| step.key.clone()).collect();
        let key = |key: &str| if there.contains(key) { Outline::former_key(key) } else { key.to_owned() };
        let after: Vec<String> = built.iter().filter(|step| step.leaves).map(|step| step.key.clone()).collect();
        let removed = self.steps.iter().filter(goes).rev().map(|step| {
            let mut removed = outlined(step, former, Aim::Gone, &going);
            removed.key = key(step.key());
            removed.needs.iter_mut().for_each(|need| *need = key(need));
            removed.stood = standing.get(step.key()).cloned();
            removed
        });
        let mut removed: Vec<Outline> = removed.collect();
        let left = self.left_over(former, standing);
        removed.extend(left.filter(|left| !going.contains(left.recipe_key())));
        removed.iter_mut().for_each(|step| step.after.clone_from(&after));
        let gone: Vec<String> = removed.iter().map(|step| step.key.clone()).collect();
        let needed: BTreeSet<String> = built.iter().flat_map(|step| step.needs.iter().cloned()).collect();
        // What only looks, and what nothing waits for, proves the whole.
        let proves = |step: &Outline| !step.leaves && !needed.contains(&step.key);
        let (mut outline, mut last): (Vec<Outline>, Vec<Outline>) = built.into_iter().partition(|step| !proves(step));
        last.iter_mut().for_each(|step| step.after.clone_from(&gone));
        outline.extend(removed);
        outline.extend(last);
        outline
    }

    /// Of a job that removes what stands, each after what needed it; `purge` says whether what Azure would keep is purged
    /// where a step of the recipe can.
    pub fn outline_of_destruction(&self, wish: &Wish, standing: &Standing, purge: bool) -> Vec<Outline> {
        let goes = |step: &&Arc<dyn AnyStep>| step.leaves() && standing.contains_key(step.key());
        let going: BTreeSet<&str> = self.steps.iter().filter(goes).map(|step| step.key()).collect();
        // What looks before anything is done.
        let first = |step: &Outline| !step.leaves && step.needs.is_empty();
        let first: Vec<Outline> = self.outline(wish).into_iter().filter(first).collect();
        let after: Vec<String> = first.iter().map(|step| step.key.clone()).collect();
        let mut outline = first;
        outline.extend(self.left_over(wish, standing).map(|left| Outline { after: after.clone(), ..left }));
        outline.extend(self.steps.iter().filter(goes).rev().map(|step| {
            let mut removed = outlined(step, wish, Aim::Gone, &going);
            removed.after.clone_from(&after);
            removed.stood = standing.get(step.key()).cloned();
            if purge {
                removed.purge = removed.keeps.take().is_some_and(|keeps| keeps.holds_name);
            }
            removed
        }));
        outline
    }
    /// What an earlier change was to remove and did not come to.
    fn left_over<'a>(&'a self, wish: &'a Wish, standing: &'a Standing) -> impl Iterator<Item = Outline> + 'a {
        let former = standing.iter().filter(|(key, _)| recipe_key(key) != key.as_str());
        former.filter_map(|(key, output)| {
            let mut left = outlined(self.step(recipe_key(key))?, wish, Aim::Gone, &BTreeSet::new());
            left.key.clone_from(key);
            left.stood = Some(output.clone());
            Some(left)
        })
    }
}

fn outlined(step: &Arc<dyn AnyStep>, wish: &Wish, aim: Aim, present: &BTreeSet<&str>) -> Outline {
    let needs = step.needs().into_iter().map(|(key, _)| key).filter(|key| present.contains(key));
    Outline {
        key: step.key().to_owned(),
        title: step.title().to_owned(),
        resource: step.resource(wish),
        needs: needs.map(str::to_owned).collect(),
        after: Vec::new(),
        aim,
        stood: None,
        keeps: step.keeps(wish),
        purge: false,
        part: step.part(),
        leaves: step.leaves(),
        version: step.version(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use domain::job::Purpose;
    use domain::wish::{AppIdentity, TeamRole};
    use serde_json::json;

    fn standing(recipe: &Recipe, wish: &Wish) -> Standing {
        recipe.steps(wish).filter(|step| step.leaves()).map(|step| (step.key().to_owned(), json!({}))).collect()
    }

    fn wish() -> Wish {
        serde_json::from_value(json!({
            "name": "shop", "team": "payments", "region": "westeurope",
            "template": { "name": "web-app", "version": 1 },
            "cluster": { "node_size": "Standard_D2s_v5", "nodes": 1, "kubernetes": "1.36", "tier": "free" },
            "vault": { "name": "kv-shop", "soft_delete_days": 7, "purge_protection": false },
            "roles": { "app_identity": "workload", "team_role": "reader" },
            "database": { "kind": "named", "server": "db.contoso.example", "database": "shop", "username": "shop",
                "password_from": "template" },
            "insights": { "workspace": { "kind": "own" }, "kept_days": 30 },
            "web_app": { "image": "registry.contoso.example/webapp:1.0.0", "replicas": 1, "port": 8080 },
            "lifetime": { "days": 30 }, "reason": "",
        }))
        .unwrap()
    }

    fn keys(outline: &[Outline], aim: Aim) -> Vec<&str> {
        outline.iter().filter(|step| step.aim == aim).map(|step| step.key.as_str()).collect()
    }

    #[test]
    fn insights_that_are_not_wished_any_more_go_before_the_proof() {
        let recipe = crate::recipes::provision().unwrap();
        let (former, mut wish) = (wish(), wish());
        wish.insights = None;
        let outline = recipe.outline_of_change(&former, &wish, &standing(&recipe, &former));
        assert_eq!(keys(&outline, Aim::Gone), ["insights", "collection-rule", "vault-audit", "workspace"]);
        let checks = outline.last().unwrap();
        assert_eq!((checks.key.as_str(), checks.after.len()), ("checks", 4));
        assert_eq!(Purpose::of(&outline), Purpose::Change);
    }

    #[test]
    fn another_identity_takes_the_former_one_away_and_another_role_the_former_role() {
        let recipe = crate::recipes::provision().unwrap();
        let (former, mut wish) = (wish(), wish());
        wish.roles.app_identity = AppIdentity::AgentPool;
        wish.roles.team_role = TeamRole::SecretsOfficer;
        let outline = recipe.outline_of_change(&former, &wish, &standing(&recipe, &former));
        let gone = ["app-vault-role", "team-vault-role~former", "federated-credential", "app-identity"];
        assert_eq!(keys(&outline, Aim::Gone), gone);
        let team = outline.iter().find(|step| step.key == "team-vault-role").unwrap();
        assert!(team.stood.is_none(), "the new role is this job's to give");
    }

    #[test]
    fn a_destruction_removes_what_stands_and_nothing_else() {
        let recipe = crate::recipes::provision().unwrap();
        let wish = wish();
        let mut standing = standing(&recipe, &wish);
        standing.remove("web-app");
        let outline = recipe.outline_of_destruction(&wish, &standing, true);
        assert_eq!(keys(&outline, Aim::There), ["as-approved"]);
        assert_eq!(outline.iter().filter(|step| step.purge).count(), 1, "the vault's name is freed");
        assert!(!keys(&outline, Aim::Gone).contains(&"web-app"));
        assert_eq!(outline.last().unwrap().key, "resource-group");
        assert_eq!(Purpose::of(&outline), Purpose::Destroy);
    }
}
