//! Who can read the secrets of an environment's vault, looked at now: each role assignment at, above and below it, with
//! the people of the groups that it names.

use crate::engine::Installation;
use crate::engine::place::Place;
use crate::preflight::Picture;
use azure::{Azure, Error, Principal, roles};
use domain::Moment;
use domain::access::{Group, Holding, Kind, Reach};
use domain::team::Team;
use domain::wish::Wish;
use futures::future::join_all;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// What reads a value. Source: "Azure built-in roles for Security", of Key Vault Secrets User.
const VALUE: &str = "Microsoft.KeyVault/vaults/secrets/getSecret/action";
/// What gives a role.
const GIVE: &str = "Microsoft.Authorization/roleAssignments/write";
/// How old the list of a subscription's roles may be, in milliseconds: roles change by the month.
const OLDEST: i64 = 3_600_000;
/// How old what the directory said of a group may be, in milliseconds: less than from one look to the next.
const OLDEST_MEMBERS: i64 = 600_000;
/// Groups that are remembered; beyond it they are asked for anew.
const MOST_GROUPS: usize = 1_000;

/// The way to look.
pub struct Holders {
    azure: Azure,
    teams: Vec<Team>,
    picture: Picture,
    /// Who is in a group, or why that is not told: many environments name the same groups.
    members: Mutex<HashMap<String, (Moment, Members)>>,
}

type Members = Result<Arc<Vec<Principal>>, Error>;

/// What one look found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Look {
    pub holdings: Vec<Holding>,
    /// What could not be found out, as sentences.
    pub unknown: Vec<String>,
}

/// What a role lets its holder do with secrets.
#[derive(Clone, Copy)]
struct Powers {
    reads: bool,
    grants: bool,
}

impl Holders {
    pub fn new(azure: Azure, teams: Vec<Team>) -> Holders {
        Holders { azure, teams, picture: Picture::default(), members: Mutex::default() }
    }

    /// `made` names principals that the environment's own job made: object id and name.
    pub async fn look(
        &self,
        wish: &Wish,
        installation: &Installation,
        made: &[(String, String)],
        now: Moment,
    ) -> Result<Look, Error> {
        let place = Place::new(&installation.subscription, wish);
        let vault = place.vault();
        let definitions = format!("{}/providers/Microsoft.Authorization/roleDefinitions", place.subscription());
        let (assignments, definitions) = futures::try_join!(
            roles::assignments_around(self.azure.arm(), &vault),
            self.picture.list(&self.azure, &definitions, None, now, OLDEST)
        )?;
        let powers: HashMap<String, (&str, Powers)> = definitions.iter().filter_map(powers).collect();
        let held = assignments.iter().filter_map(|one| holding(one, vault.as_str(), &powers));
        let mut look = Look { holdings: held.collect(), unknown: Vec::new() };
        self.name(&mut look, installation, made).await;
        self.open_groups(&mut look, now).await;
        look.holdings.sort_by_key(Holding::key);
        look.holdings.dedup_by_key(|holding| holding.key());
        Ok(look)
    }

    /// What Keystead knows itself, then what the directory knows.
    async fn name(&self, look: &mut Look, installation: &Installation, made: &[(String, String)]) {
        let teams = self.teams.iter().map(|team| (team.group.to_lowercase(), format!("Team {}", team.title)));
        let own = [(installation.identity.to_lowercase(), "Keystead".to_owned())];
        let made = made.iter().map(|(id, name)| (id.to_lowercase(), name.clone()));
        let mut names: BTreeMap<String, String> = teams.chain(own).chain(made).collect();
        let strangers: BTreeSet<String> = look
            .holdings
            .iter()
            .map(|holding| holding.principal.to_lowercase())
            .filter(|id| !names.contains_key(id))
            .collect();
        if !strangers.is_empty() {
            match self.azure.graph().known(&strangers.into_iter().take(1000).collect::<Vec<_>>()).await {
                Ok(found) => names.extend(found.iter().filter_map(named)),
                Err(error) => look.unknown.push(not_told("who some principals are", "Directory.Read.All", &error)),
            }
        }
        for holding in &mut look.holdings {
            holding.name = names.get(&holding.principal.to_lowercase()).cloned();
        }
    }

    /// Beside each group, everybody who is in it.
    async fn open_groups(&self, look: &mut Look, now: Moment) {
        let groups: BTreeSet<String> = look
            .holdings
            .iter()
            .filter(|holding| holding.kind == Kind::Group)
            .map(|holding| holding.principal.clone())
            .collect();
        let asked = groups.iter().map(|group| async move { (group, self.members(group, now).await) });
        let mut members: HashMap<&String, Arc<Vec<Principal>>> = HashMap::new();
        for (group, answer) in join_all(asked).await {
            match answer {
                Ok(found) => drop(members.insert(group, found)),
                Err(error) => {
                    let sentence = not_told("who is in which group", "GroupMember.Read.All", &error);
                    if !look.unknown.contains(&sentence) {
                        look.unknown.push(sentence);
                    }
                }
            }
        }
        let of_group = |holding: &Holding| {
            let found = members.get(&holding.principal).into_iter().flat_map(|found| found.iter());
            let through = Some(Group { id: holding.principal.clone(), name: holding.name.clone() });
            let member = |one: &Principal| Holding {
                principal: one.id.clone(),
                kind: kind(one),
                name: one.name().map(str::to_owned),
                through: through.clone(),
                ..holding.clone()
            };
            found.map(member).collect::<Vec<_>>()
        };
        let beside: Vec<Holding> = look.holdings.iter().flat_map(of_group).collect();
        look.holdings.extend(beside);
    }

    /// Everybody who is in a group, as the directory said a moment ago.
    async fn members(&self, group: &str, now: Moment) -> Members {
        let remembered = || self.members.lock().unwrap_or_else(PoisonError::into_inner);
        let known = remembered().get(group).cloned();
        if let Some((_, members)) = known.filter(|(at, _)| now.since(*at) < OLDEST_MEMBERS) {
            return members;
        }
        let members = self.azure.graph().members(group).await.map(Arc::new);
        // What did not answer may answer the next one who asks.
        if members.as_ref().is_err_and(|error| error.kind() != azure::Kind::Denied) {
            return members;
        }
        let mut all = remembered();
        if all.len() >= MOST_GROUPS {
            all.clear();
        }
        all.insert(group.to_owned(), (now, members.clone()));
        members
    }
}

fn not_told(what: &str, permission: &str, error: &Error) -> String {
    match error.kind() {
        azure::Kind::Denied => format!(
            "Microsoft Graph does not tell Keystead {what}: have an administrator grant its identity {permission}."
        ),
        _ => format!("Microsoft Graph did not tell {what}: {}", error.message()),
    }
}

fn named(one: &Principal) -> Option<(String, String)> {
    Some((one.id.to_lowercase(), one.name()?.to_owned()))
}

fn kind(one: &Principal) -> Kind {
    match one.kind.rsplit('.').next() {
        Some("user") => Kind::Person,
        Some("group") => Kind::Group,
        Some("servicePrincipal") => Kind::Application,
        _ => Kind::Unknown,
    }
}

/// Of a definition: its guid, its name, and what it lets its holder do; `None` where it is nothing that matters here.
fn powers(definition: &Value) -> Option<(String, (&str, Powers))> {
    let properties = &definition["properties"];
    let permissions = properties["permissions"].as_array()?;
    let reads = permissions.iter().any(|one| roles::allows_data(one, VALUE));
    let grants = permissions.iter().any(|one| roles::allows(one, GIVE));
    let name = properties["roleName"].as_str()?;
    let guid = definition["id"].as_str()?.rsplit('/').next()?.to_lowercase();
    (reads || grants).then_some((guid, (name, Powers { reads, grants })))
}

fn holding(assignment: &Value, vault: &str, powers: &HashMap<String, (&str, Powers)>) -> Option<Holding> {
    let properties = &assignment["properties"];
    let text = |name: &str| properties[name].as_str().map(str::to_owned);
    let guid = text("roleDefinitionId")?.rsplit('/').next()?.to_lowercase();
    let (role, powers) = powers.get(&guid)?;
    let scope = text("scope")?;
    Reach::of(&scope, vault)?;
    let created = properties["createdOn"].as_str().and_then(|at| at.parse::<jiff::Timestamp>().ok());
    Some(Holding {
        assignment: assignment["id"].as_str()?.to_owned(),
        principal: text("principalId")?,
        kind: Kind::of(properties["principalType"].as_str().unwrap_or_default()),
        name: None,
        through: None,
        role: (*role).to_owned(),
        scope,
        reads: powers.reads,
        grants: powers.grants,
        conditional: properties["condition"].as_str().is_some_and(|condition| !condition.is_empty()),
        given: created.map(|at| Moment(at.as_millisecond())),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    const VAULT: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv";

    fn definition(guid: &str, name: &str, permission: Value) -> Value {
        let id = format!("/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/{guid}");
        json!({ "id": id, "properties": { "roleName": name, "permissions": [permission] } })
    }

    #[test]
    fn what_neither_reads_a_value_nor_gives_a_role_is_left_out() {
        let reader =
            definition("1", "Key Vault Reader", json!({ "dataActions": ["Microsoft.KeyVault/vaults/*/read"] }));
        let owner = definition("2", "Owner", json!({ "actions": ["*"] }));
        let user = definition("3", "Key Vault Secrets User", json!({ "dataActions": [VALUE] }));
        let known = [reader, owner, user];
        let known: HashMap<String, (&str, Powers)> = known.iter().filter_map(powers).collect();
        let assigned = |role: &str, scope: &str| {
            json!({ "id": "/a", "properties": {
                "roleDefinitionId": format!("/providers/Microsoft.Authorization/roleDefinitions/{role}"),
                "principalId": "p", "principalType": "User", "scope": scope, "createdOn": "2026-11-27T09:00:00Z",
            }})
        };
        assert_eq!(holding(&assigned("1", VAULT), VAULT, &known), None);
        assert_eq!(holding(&assigned("3", "/subscriptions/s/resourceGroups/else"), VAULT, &known), None);
        let owner = holding(&assigned("2", "/subscriptions/s"), VAULT, &known).unwrap();
        assert_eq!((owner.role.as_str(), owner.reads, owner.grants), ("Owner", false, true));
        let user = holding(&assigned("3", VAULT), VAULT, &known).unwrap();
        assert_eq!((user.reads, user.grants, user.kind), (true, false, Kind::Person));
        assert_eq!(user.given.map(Moment::rfc3339).as_deref(), Some("2026-11-27T09:00:00Z"));
    }
}
