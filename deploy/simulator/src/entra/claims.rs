//! Shapes the claims of access tokens: version 1 for Azure's own services, version 2 for applications of the directory.
use serde_json::{Value, json};
use uuid::Uuid;

use super::refusal::EntraRefusal;
use crate::clock::unix;
use crate::directory::{self, Principal, PrincipalKind};
use crate::tokens::KeyError;
use crate::world::World;

/// How long an access token lives, in seconds.
pub(super) const LIFE: i64 = 3599;
/// How many groups a token names; whoever is in more is asked about at Graph.
const MOST_GROUPS: usize = 200;
const GRAPH: &[&str] = &["https://graph.microsoft.com", "00000003-0000-0000-c000-000000000000"];

/// The resources that every directory knows; besides these it knows its own applications.
const RESOURCES: &[&str] = &[
    "https://management.azure.com",
    "https://management.core.windows.net",
    "https://vault.azure.net",
    "https://api.loganalytics.io",
    "https://graph.microsoft.com",
    "00000003-0000-0000-c000-000000000000",
    "https://ossrdbms-aad.database.windows.net",
    "https://containerregistry.azure.net",
    "https://monitor.azure.com",
    "https://storage.azure.com",
    "6dae42f8-4368-4678-94ff-3960e28e3630",
    "499b84ac-1321-427f-aa17-267ca6975798",
];

/// What an application has proved itself with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// Its secret.
    Secret,
    /// A signature: with its certificate, or of an issuer that it trusts.
    Assertion,
}

impl Proof {
    /// The claims `appidacr` and `azpacr`.
    fn class(self) -> &'static str {
        match self {
            Self::Secret => "1",
            Self::Assertion => "2",
        }
    }
}

/// An access token of that principal for that audience, as it would get one without asking for more.
pub fn access_token(world: &World, principal: &Principal, audience: &str) -> Result<String, KeyError> {
    let proof = if principal.secret.is_some() { Proof::Secret } else { Proof::Assertion };
    match principal.kind {
        PrincipalKind::User => of_person(world, principal, None, audience),
        _ => of_application(world, principal, proof, audience),
    }
}

/// An access token of an application in its own name.
pub(super) fn of_application(
    world: &World,
    principal: &Principal,
    proof: Proof,
    audience: &str,
) -> Result<String, KeyError> {
    let (issuer, mut claims) = common(world, principal, audience);
    claims["idtyp"] = json!("app");
    match claims["ver"] == "2.0" {
        true => {
            claims["azp"] = json!(principal.app_id);
            claims["azpacr"] = json!(proof.class());
        }
        false => {
            claims["appid"] = json!(principal.app_id);
            claims["appidacr"] = json!(proof.class());
        }
    }
    if is_one_of(GRAPH, audience) && !principal.consents.application.is_empty() {
        claims["roles"] = json!(principal.consents.application);
    }
    // What an administrator has assigned to it at the application that the token is for.
    if claims["ver"] == "2.0" && !principal.app_roles.is_empty() {
        claims["roles"] = json!(principal.app_roles);
    }
    if let Some(resource) = &principal.resource {
        claims["xms_mirid"] = json!(resource);
    }
    world.tokens.sign(&issuer, &claims)
}

/// An access token in the name of a person who has signed in to an application.
pub(super) fn of_person(
    world: &World,
    person: &Principal,
    application: Option<&Principal>,
    audience: &str,
) -> Result<String, KeyError> {
    let (issuer, mut claims) = common(world, person, audience);
    let client = application.and_then(|application| application.app_id);
    claims["name"] = json!(person.name);
    match claims["ver"] == "2.0" {
        true => {
            claims["preferred_username"] = json!(person.user_name);
            claims["azp"] = json!(client);
            claims["azpacr"] = json!(Proof::Secret.class());
        }
        false => {
            claims["idtyp"] = json!("user");
            claims["upn"] = json!(person.user_name);
            claims["unique_name"] = json!(person.user_name);
            if client.is_some() {
                claims["appid"] = json!(client);
                claims["appidacr"] = json!(Proof::Secret.class());
            }
        }
    }
    claims["scp"] = match application {
        Some(application) if is_one_of(GRAPH, audience) => {
            let mut scopes = vec!["openid", "profile", "email"];
            scopes.extend(application.consents.delegated.iter().map(String::as_str));
            json!(scopes.join(" "))
        }
        _ => json!("user_impersonation"),
    };
    world.tokens.sign(&issuer, &claims)
}

/// The issuer, and what every access token says.
fn common(world: &World, principal: &Principal, audience: &str) -> (String, Value) {
    let now = unix(world.clock.now());
    let application = own_application(world, audience);
    let issuer = if application.is_some() { world.issuer_of_version_2() } else { world.issuer() };
    let audience = application.map_or_else(|| audience.to_owned(), |id| id.to_string());
    let mut claims = json!({
        "aud": audience, "iss": issuer, "iat": now, "nbf": now, "exp": now + LIFE,
        "oid": principal.object_id, "sub": principal.object_id, "tid": world.tenant,
        "uti": Uuid::new_v4().simple().to_string(), "ver": if application.is_some() { "2.0" } else { "1.0" },
    });
    if application.is_none() {
        claims["idp"] = json!(issuer);
    }
    (issuer, claims)
}

/// The application of this directory that an audience names: its client id, or `api://` and that.
fn own_application(world: &World, audience: &str) -> Option<Uuid> {
    let bare = audience.trim_end_matches('/');
    let id = Uuid::parse_str(bare.strip_prefix("api://").unwrap_or(bare)).ok()?;
    world.state.read(|draft| directory::find_by_app(draft, id)).filter(|it| it.resource.is_none()).map(|_| id)
}

fn is_one_of(known: &[&str], audience: &str) -> bool {
    known.iter().any(|known| known.eq_ignore_ascii_case(audience.trim_end_matches('/')))
}

/// Adds the groups of somebody; where there are too many for a token, where to ask for them.
pub(super) fn add_groups(world: &World, claims: &mut Value, person: &Principal, groups: &[Uuid]) {
    if groups.len() <= MOST_GROUPS {
        claims["groups"] = json!(groups);
        return;
    }
    let endpoint = format!("https://graph.windows.net/{}/users/{}/getMemberObjects", world.tenant, person.object_id);
    claims["_claim_names"] = json!({"groups": "src1"});
    claims["_claim_sources"] = json!({"src1": {"endpoint": endpoint}});
}

/// AADSTS500011 for a resource that the directory does not know.
pub(crate) fn check_resource(world: &World, resource: &str) -> Result<(), EntraRefusal> {
    if is_one_of(RESOURCES, resource) || own_application(world, resource).is_some() {
        return Ok(());
    }
    Err(EntraRefusal::bad(
        "invalid_resource",
        500_011,
        format!(
            "The resource principal named {resource} was not found in the tenant named Contoso Example. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant."
        ),
    ))
}
