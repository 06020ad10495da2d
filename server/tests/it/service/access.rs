//! Who could read an environment's secrets, told from look to look; and who did, as the vault's own log has it.

use crate::support::bed::{Bed, both};
use crate::support::living::small;
use crate::support::portal::{Portal, caller};
use app::portal::{Access, Audit};
use azure::ResourceId;
use azure::roles::{self, PrincipalType, Role};
use azure_simulator::{Options, Simulator};
use domain::access::{Kind, Since, Until};
use domain::account;
use domain::view::access::{Filter, Holder, Uses};
use figment::providers::Env;
use keystead::config::Given;
use keystead::engine::Installation;
use keystead::engine::place::Place;
use keystead::holders::Holders;
use std::time::Duration;

const MINUTE: i64 = 60_000;
const SOMEBODY: &str = "7c1e5f9e-3f0b-4a52-9d0e-5a2b8f6f1c11";

async fn give(azure: &azure::Azure, scope: &ResourceId, to: &str, kind: PrincipalType, role: Role) -> ResourceId {
    let id = roles::assignment_id(scope, to, role);
    azure.arm().put(&id, &roles::assignment(scope, to, kind, role)).await.unwrap();
    id
}

fn of<'a>(holders: &'a [Holder], name: &str) -> Option<&'a Holder> {
    holders.iter().find(|one| one.name == name)
}

/// As the page reads it.
async fn told_of(portal: &Portal, caller: &account::Caller, name: &str, secret: &str) -> app::portal::Answer<Uses> {
    let filter = Filter { of: secret.into(), ..Filter::default() };
    portal.service.access(caller, name, &filter).await.unwrap().1
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_was_given_and_taken_away_again_stays_known() {
    both(|bed: Bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let name = if bed.name == "sqlite" { "readable" } else { "readable-two" };
        let built = portal.built(&member, &manager, small(name)).await;
        let (environment, place) = (&built.job.environment, Place::new(portal.azure.subscription(), &built.job.wish));
        let all = Filter::default();
        let before = portal.service.access(&member, name, &all).await.unwrap().0;
        assert!(before.looked.is_none() && before.holders.is_empty(), "{before:?}");

        portal.looked(environment).await;
        let first = portal.service.access(&member, name, &all).await.unwrap().0;
        let app = of(&first.holders, "The web app").unwrap();
        assert!(app.reads && !app.grants && app.kind == Kind::Application, "{app:?}");
        assert_eq!((app.role.as_str(), app.place.as_str()), ("Key Vault Secrets User", "on the vault"));
        assert!(matches!(app.span.since, Since::At(_)), "Azure says when it was given: {app:?}");
        let own: Vec<&Holder> = first.holders.iter().filter(|one| one.name == "Keystead").collect();
        assert!(own.iter().any(|one| one.reads) && own.iter().any(|one| one.grants), "{own:?}");
        assert!(of(&first.holders, "Team Payments").is_none(), "a reader of the vault sees no value");

        let azure = &portal.azure;
        let one_secret = place.vault().child("Microsoft.KeyVault/vaults/secrets", "Webapp-DB-Server-UserPassword");
        let given = give(azure, &place.vault(), SOMEBODY, PrincipalType::User, roles::KEY_VAULT_SECRETS_USER).await;
        give(azure, &one_secret, SOMEBODY, PrincipalType::User, roles::KEY_VAULT_SECRETS_OFFICER).await;
        portal.clock.advance(15 * MINUTE);
        let seen_at = portal.now();
        portal.looked(environment).await;
        azure.arm().delete(&given).await.unwrap();
        portal.clock.advance(15 * MINUTE);
        portal.looked(environment).await;

        let told = portal.service.access(&member, name, &all).await.unwrap().0;
        let theirs: Vec<&Holder> = told.holders.iter().filter(|one| one.principal == SOMEBODY).collect();
        let ended = theirs.iter().find(|one| one.place == "on the vault").unwrap();
        assert_eq!(ended.span.until, Until::Between { earliest: seen_at, latest: portal.now() }, "{theirs:#?}");
        let kept = theirs.iter().find(|one| one.role == "Key Vault Secrets Officer").unwrap();
        assert_eq!(
            (kept.span.until, kept.place.as_str()),
            (Until::Still, "on the secret webapp-db-server-userpassword alone")
        );
        assert_eq!(told.since, first.looked);

        let at = |moment: domain::Moment| moment.rfc3339()[..16].to_owned();
        let then = Filter { at: at(seen_at.plus(MINUTE)), of: String::new() };
        let then = portal.service.access(&member, name, &then).await.unwrap().0;
        let ended = then.holders.iter().find(|one| one.principal == SOMEBODY && one.place == "on the vault");
        assert!(ended.unwrap().perhaps, "nobody looked just then");
        let now = Filter { at: at(portal.now().plus(MINUTE)), of: "Webapp-DB-Server-Username".into() };
        let now = portal.service.access(&member, name, &now).await.unwrap().0;
        assert!(now.holders.iter().all(|one| one.principal != SOMEBODY), "neither the vault nor this secret: {now:#?}");

        let stranger = caller("stranger", account::Role::Member, Some("catalogue"));
        let hidden = portal.service.access(&stranger, name, &all).await.unwrap_err();
        assert_eq!(hidden.code, app::error::Code::NotFound);
        let wrong = Filter { at: "noon".into(), of: String::new() };
        assert_eq!(portal.service.access(&member, name, &wrong).await.unwrap_err().code, app::error::Code::Invalid);

        let evidence = portal.service.evidence(&manager, name).await.unwrap();
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(evidence)).unwrap();
        let told: serde_json::Value = serde_json::from_reader(archive.by_name("access.json").unwrap()).unwrap();
        assert!(told["holdings"].as_array().unwrap().len() > 3, "{told}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_vaults_own_log_tells_who_asked_for_which_secret() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    let built = portal.built(&member, &manager, small("watched")).await;
    portal.looked(&built.job.environment).await;
    let vault = portal.azure.vault(built.job.wish.vault.name.as_str());
    let secret = "Webapp-DB-Server-UserPassword";
    let found = tokio::time::timeout(Duration::from_secs(60), async {
        let mut asked = tokio::time::interval(Duration::from_millis(200));
        loop {
            asked.tick().await;
            vault.get(secret).await.unwrap();
            let uses = told_of(&portal, &member, "watched", secret).await.unwrap();
            if uses.rows.iter().any(|one| one.what == "Listed versions") {
                return uses;
            }
        }
    });
    let uses = found.await.expect("the log is never told");
    let read = uses.rows.iter().find(|one| one.what == "Listed versions").unwrap();
    assert_eq!((read.who.as_str(), read.of.as_deref(), read.allowed), ("Keystead", Some(secret), true));
    assert!(uses.since.is_some() && !read.from.is_empty(), "{uses:?}");
    let other = told_of(&portal, &member, "watched", "Webapp-DB-Server-Name").await;
    assert!(other.is_err() || other.unwrap().rows.iter().all(|one| one.of.as_deref() != Some(secret)));
    let wrong = told_of(&portal, &member, "watched", "' or 1 == 1").await.unwrap_err();
    assert_eq!(wrong.code, app::error::Code::Invalid);
}

/// With a directory of its own, in which an administrator has granted what Keystead asks for.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_in_a_group_that_may_is_told_by_name() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let simulator = Simulator::start(Options::at_speed(folder.path(), 1000.0)).await.unwrap();
    let facts = simulator.ready();
    let config = Given::read(None, Env::prefixed("NOBODY_SETS_THIS__")).unwrap().with_facts(&facts).unwrap();
    let azure = azure::Azure::connect(config.azure.client()).unwrap();
    let me = azure.me().await.unwrap();
    let installation = Installation::of(&me, azure.subscription());
    let wish = {
        let bed = Bed::sqlite().await;
        let portal = Portal::over(&bed).await;
        let request = portal.asked(&portal.member().await, "grouped").await;
        keystead::store::request::find(&portal.store, &request).await.unwrap().unwrap().wish
    };
    let place = Place::new(azure.subscription(), &wish);
    azure.arm().put(&place.resource_group(), &serde_json::json!({ "location": "westeurope" })).await.unwrap();
    let vault = serde_json::json!({ "location": "westeurope", "properties": {
        "tenantId": me.tenant_id, "sku": { "family": "A", "name": "standard" }, "accessPolicies": [],
        "enableRbacAuthorization": true,
    }});
    azure.arm().put(&place.vault(), &vault).await.unwrap();
    let group = config.teams[0].group.clone();
    give(&azure, &place.resource_group(), &group, PrincipalType::Group, roles::KEY_VAULT_SECRETS_USER).await;

    let teams: Vec<_> = config.teams.iter().map(|team| team.team()).collect();
    let holders = Holders::new(azure.clone(), teams);
    let now = domain::Moment(1);
    let look = holders.look(&wish, &installation, &[], now).await.unwrap();
    let team = look.holdings.iter().find(|one| one.principal == group).unwrap();
    assert_eq!(team.name.as_deref(), Some("Team Payments"));
    assert!(look.unknown.iter().any(|sentence| sentence.contains("GroupMember.Read.All")), "{:?}", look.unknown);
    assert!(look.holdings.iter().all(|one| one.through.is_none()));

    let control = facts["control"].as_str().unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let all: serde_json::Value =
        http.get(format!("{control}/applications")).send().await.unwrap().json().await.unwrap();
    let own = all.as_array().unwrap().iter().find(|one| one["object_id"] == me.object_id.as_str()).unwrap();
    let consents = serde_json::json!({ "application": own["application"], "consents": {
        "application": ["GroupMember.Read.All", "Directory.Read.All"], "delegated": [] } });
    http.post(format!("{control}/consents")).json(&consents).send().await.unwrap().error_for_status().unwrap();
    // The token that holds the new consent is another one.
    let azure = azure::Azure::connect(config.azure.client()).unwrap();
    let holders = Holders::new(azure, Vec::new());
    let look = holders.look(&wish, &installation, &[], now).await.unwrap();
    assert_eq!(look.unknown, Vec::<String>::new());
    let member = look.holdings.iter().find(|one| one.name.as_deref() == Some("member@contoso.example")).unwrap();
    assert_eq!((member.kind, member.reads), (Kind::Person, true));
    assert_eq!(member.through.as_ref().map(|through| through.id.as_str()), Some(group.as_str()));
    assert!(look.holdings.iter().all(|one| one.name.is_some()), "the directory knows everybody: {:#?}", look.holdings);
    simulator.stop().await;
}
