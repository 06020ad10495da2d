//! Makes what is there from the start: ids, keys, the directory's people and groups, the portal's machine.
use serde_json::json;
use uuid::Uuid;

use crate::StartError;
use crate::arm;
use crate::authority::{Authority, KeptAuthority};
use crate::directory::{self, Principal, PrincipalKind};
use crate::machines::{self, Machine};
use crate::state::{State, StateError};
use crate::tokens::Tokens;
use crate::world::World;

/// The collection of what the world is as a whole.
pub(crate) const SETTINGS: &str = "settings";
/// The client id of the portal's sign-in application is made from this name.
pub(crate) const PORTAL_APPLICATION: &str = "application/portal";

/// The ids of the world.
pub(crate) struct Kept {
    pub(crate) tenant: Uuid,
    pub(crate) subscription: Uuid,
}

/// The keys of the world.
pub(crate) struct Secrets {
    pub(crate) authority: Authority,
    pub(crate) tokens: Tokens,
}

/// A team of the company whose directory this is.
pub struct Team {
    /// Its short name.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
}

/// The teams.
pub const TEAMS: &[Team] =
    &[Team { name: "payments", title: "Payments" }, Team { name: "catalogue", title: "Catalogue" }];

/// Sign-in name before the `@`, name, team, application role.
pub const ACCOUNTS: &[(&str, &str, Option<&str>, &str)] = &[
    ("member", "Member", Some("payments"), "member"),
    ("third-member", "Third member", Some("payments"), "member"),
    ("manager", "Manager", Some("payments"), "manager"),
    ("second-member", "Second member", Some("catalogue"), "member"),
    ("second-manager", "Second manager", Some("catalogue"), "manager"),
    ("platform-engineer", "Platform engineer", None, "platform-engineer"),
    ("auditor", "Auditor", None, "auditor"),
];

/// An id that is the same in every world, so that links and configurations outlive a state folder.
pub fn id_of(name: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_DNS, format!("{name}.contoso.example").as_bytes())
}

/// Reads the ids and keys, or makes them in a new state.
pub(crate) async fn keep(state: &State, signing_key: Option<String>) -> Result<(Kept, Secrets), StartError> {
    let doing = "preparing the keys";
    let settings = match state.get(SETTINGS, "world") {
        Some(settings) => settings,
        None => {
            let key = match signing_key {
                Some(key) => key,
                None => tokio::task::spawn_blocking(Tokens::make_key)
                    .await
                    .map_err(|error| StartError::new(doing, error))?
                    .map_err(|error| StartError::new(doing, error))?,
            };
            let authority = Authority::make("Azure simulator").map_err(|error| StartError::new(doing, error))?;
            let settings = json!({
                "tenant": id_of("tenant"), "subscription": id_of("subscription"),
                "signing_key": key, "authority": authority.kept(),
            });
            state.put(SETTINGS, "world", settings.clone()).await.map_err(|error| StartError::new(doing, error))?;
            settings
        }
    };
    let id =
        |name: &str| settings[name].as_str().and_then(|id| Uuid::parse_str(id).ok()).unwrap_or_else(|| id_of(name));
    let authority: KeptAuthority =
        serde_json::from_value(settings["authority"].clone()).map_err(|error| StartError::new(doing, error))?;
    let authority = Authority::open(authority).map_err(|error| StartError::new(doing, error))?;
    let tokens = Tokens::open(settings["signing_key"].as_str().unwrap_or_default())
        .map_err(|error| StartError::new(doing, error))?;
    Ok((Kept { tenant: id("tenant"), subscription: id("subscription") }, Secrets { authority, tokens }))
}

/// Writes the people, groups, applications and the portal's machine into a new world.
pub(crate) async fn people_and_machines(world: &World) -> Result<(), StartError> {
    if world.state.get(SETTINGS, "seeded").is_some() {
        let indexed = world.state.change(|draft| {
            directory::index(draft);
            // In a folder of before there were devices.
            if let Some(mut application) =
                directory::find_by_app(draft, id_of(PORTAL_APPLICATION)).filter(|it| !it.public)
            {
                application.public = true;
                directory::put(draft, &application);
            }
            Ok::<_, StateError>(())
        });
        return indexed.await.map_err(|error| StartError::new("reading the directory", error));
    }
    let now = world.clock.now();
    world
        .state
        .change(|draft| {
            let mut members: Vec<(&str, Uuid)> = Vec::new();
            for (account, name, team, role) in ACCOUNTS {
                let mut user = Principal::new(PrincipalKind::User, name, now);
                user.object_id = id_of(&format!("user/{account}"));
                user.user_name = Some(format!("{account}@contoso.example"));
                user.app_roles = vec![(*role).to_owned()];
                members.extend(team.map(|team| (team, user.object_id)));
                directory::put(draft, &user);
            }
            for team in TEAMS {
                let mut group = Principal::new(PrincipalKind::Group, team.title, now);
                group.object_id = group_of(team);
                group.members = members.iter().filter(|(of, _)| *of == team.name).map(|(_, member)| *member).collect();
                directory::put(draft, &group);
            }
            let scope = world.subscription_id();
            let mut owner = Principal::new(PrincipalKind::ServicePrincipal, "subscription-owner", now);
            owner.object_id = id_of("service-principal/owner");
            owner.app_id = Some(id_of("application/owner"));
            owner.secret = Some(machines::new_key());
            // So that command lines find people and applications by name.
            owner.consents.application = vec!["Directory.Read.All".to_owned()];
            directory::put(draft, &owner);
            arm::grant(draft, world, &scope, owner.object_id, "Owner", "ServicePrincipal");

            let mut application = Principal::new(PrincipalKind::ServicePrincipal, "Keystead sign-in", now);
            application.object_id = id_of("service-principal/portal-sign-in");
            application.app_id = Some(id_of(PORTAL_APPLICATION));
            application.secret = Some(machines::new_key());
            application.public = true;
            application.consents.delegated = vec!["User.Read".to_owned()];
            directory::put(draft, &application);

            let mut identity = Principal::new(PrincipalKind::ServicePrincipal, "keystead-portal", now);
            identity.object_id = id_of("identity/portal");
            identity.app_id = Some(id_of("application/portal-identity"));
            directory::put(draft, &identity);
            for role in ["Contributor", "Role Based Access Control Administrator"] {
                arm::grant(draft, world, &scope, identity.object_id, role, "ServicePrincipal");
            }
            let portal = Machine {
                name: "portal".to_owned(),
                key: machines::new_key(),
                resource: None,
                identity: json!({"type": "SystemAssigned", "principalId": identity.object_id, "tenantId": world.tenant}),
            };
            machines::put(draft, &portal);
            draft.put(SETTINGS, "seeded", json!({"at": now}));
            Ok::<_, StateError>(())
        })
        .await
        .map_err(|error| StartError::new("writing the directory", error))
}

/// The object id of a team's group.
pub fn group_of(team: &Team) -> Uuid {
    id_of(&format!("group/{}", team.name))
}

/// The service principal that owns the subscription.
pub(crate) fn owner(world: &World) -> Option<Principal> {
    world.state.read(|draft| directory::find(draft, id_of("service-principal/owner")))
}
