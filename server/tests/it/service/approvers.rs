//! A level that a group of the directory answers: who is asked and told, by sign-in and by the directory itself.

use super::notices::with_mail;
use crate::support::bed::{Bed, both, number};
use crate::support::browser::Browser;
use crate::support::portal::Portal;
use app::error::Code;
use app::portal::{Environments, Frames, Jobs, Notices, Requests};
use azure_simulator::{Options, Simulator};
use domain::account::{Account, AccountId, Caller, Role};
use domain::approval::{By, Level, Policy, Rule};
use domain::id::RequestId;
use domain::name::TeamName;
use domain::request::{Decision, State};
use domain::view::environment::Filter;
use domain::view::request::{LevelStand, Show, Whole};
use figment::providers::Env;
use keystead::config::{Config, Given};
use keystead::store::approver;
use keystead::timers::{ApproverLook, Timer};

const GROUP: &str = "5ec00000-0000-4000-8000-000000000001";

fn security() -> Level {
    Level { by: By::group(&GROUP.to_uppercase(), "Security"), approvers: 1 }
}

fn policy(levels: Vec<Level>) -> Policy {
    Policy { title: "Everything".into(), rule: Rule { levels, ..Rule::default() }, ..Policy::default() }
}

async fn ruled(bed: &Bed, levels: Vec<Level>) -> Portal {
    Portal::configured(bed.store.clone(), |config| {
        config.approvals = vec![policy(levels)];
        with_mail(config, "127.0.0.1:9");
    })
    .await
}

/// Somebody of the group, with these roles in this team or none at all.
async fn officer(portal: &Portal, name: &str, of: Option<(Role, &str)>) -> Caller {
    let account = Account {
        id: AccountId(format!("t/{name}")),
        name: format!("{name}@contoso.example"),
        roles: of.iter().map(|(role, _)| *role).collect(),
        teams: of.iter().map(|(_, team)| TeamName::parse(team).unwrap()).collect(),
        groups: vec![GROUP.into()],
    };
    let caller = Caller::person(account, None);
    portal.accounts.signed_in(&caller).await.unwrap();
    caller
}

async fn approve(portal: &Portal, caller: &Caller, id: &RequestId) -> app::portal::Answer<Whole> {
    let digest = portal.service.request(caller, id).await?.digest;
    portal.service.decide(caller, id, Decision::Approve, "", &digest, None).await
}

async fn inbox(portal: &Portal, caller: &Caller) -> usize {
    let page = portal.service.requests(caller, Show::Inbox, "").await.unwrap();
    let counted = portal.service.frame(caller).await.unwrap().inbox;
    assert_eq!(usize::try_from(counted).unwrap(), page.rows.len(), "the count beside the word is the list's");
    page.rows.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_asked_in_its_turn_and_sees_nothing_but_what_asks_it() {
    both(|bed| async move {
        let portal = ruled(&bed, vec![Level::MANAGER, security()]).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let engineer = portal.caller("platform-engineer", Role::PlatformEngineer, None).await;
        let one = officer(&portal, "officer", None).await;
        let other = officer(&portal, "officer-elsewhere", Some((Role::Member, "catalogue"))).await;
        let id = portal.asked(&member, "grouped").await;
        assert_eq!(inbox(&portal, &one).await, 0, "the manager is asked first");
        assert_eq!(portal.service.request(&one, &id).await.unwrap_err().code, Code::NotFound);

        let first = approve(&portal, &manager, &id).await.unwrap();
        assert_eq!((first.levels[1].who.as_str(), first.levels[1].stand), ("Security", LevelStand::Asked));
        assert_eq!(first.decider, "Security");
        assert_eq!((inbox(&portal, &one).await, inbox(&portal, &other).await), (1, 1));
        let refused = approve(&portal, &engineer, &id).await.unwrap_err();
        assert_eq!(refused.message, "Only the group that is asked decides on this level.");
        let refused = portal.service.withdraw(&one, &id).await.unwrap_err();
        assert_eq!(refused.message, "Only decisions are asked of the group that approves here.");
        assert_eq!(portal.service.environment(&one, "grouped").await.unwrap_err().code, Code::NotFound);
        assert!(portal.service.environments(&one, &Filter::default()).await.unwrap().rows.is_empty());
        assert_eq!(portal.service.requests(&one, Show::All, "").await.unwrap().rows.len(), 0);
        let frame = portal.service.frame(&one).await.unwrap();
        assert_eq!((frame.stands_for.as_str(), frame.requests), ("Security", false));

        let last = approve(&portal, &one, &id).await.unwrap();
        assert_eq!(last.row.state, State::Approved);
        assert_eq!(last.levels[1].approved, ["officer@contoso.example"]);
        assert_eq!(last.levels[1].group.as_deref(), Some("Security"));
        assert_eq!(last.job, None, "what it begins is the team's");
        let job = portal.service.request(&manager, &id).await.unwrap().job.unwrap();
        assert_eq!(portal.service.job(&one, &job).await.unwrap_err().code, Code::NotFound);
        assert_eq!(inbox(&portal, &other).await, 0);
        let seen = portal.service.request(&other, &id).await.unwrap();
        assert_eq!((seen.row.state, seen.decide.allowed), (State::Approved, false), "what became of what asked them");

        // On an earlier level: what comes after is not theirs to decide, and they still see it.
        let first = ruled(&bed, vec![security(), Level::MANAGER]).await;
        let id = first.asked(&member, "grouped-first").await;
        approve(&first, &one, &id).await.unwrap();
        let seen = first.service.request(&other, &id).await.unwrap();
        assert_eq!(seen.decide.reason.as_deref(), Some("Only decisions are asked of the group that approves here."));
        approve(&first, &manager, &id).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_group_too_nobody_decides_on_their_own_or_twice() {
    both(|bed| async move {
        let portal = ruled(&bed, vec![Level::MANAGER, security()]).await;
        let requester = officer(&portal, "member", Some((Role::Member, "payments"))).await;
        let manager = officer(&portal, "manager", Some((Role::Manager, "payments"))).await;
        let id = portal.asked(&requester, "mine").await;
        approve(&portal, &manager, &id).await.unwrap();
        assert_eq!((inbox(&portal, &requester).await, inbox(&portal, &manager).await), (0, 0));
        let own = approve(&portal, &requester, &id).await.unwrap_err();
        assert!(own.message.starts_with("Nobody decides on an own request"), "{}", own.message);
        let whole = portal.service.request(&manager, &id).await.unwrap();
        assert_eq!(whole.decide.reason.as_deref(), Some("Nobody approves twice: somebody else decides now."));
        // Not by way of a hand-over either.
        let other = officer(&portal, "officer", None).await;
        let day = portal.now().plus(86_400_000).rfc3339()[..10].to_owned();
        portal.service.hand_over(&other, &requester.account.name, &day).await.unwrap();
        assert!(approve(&portal, &requester, &id).await.is_err());
        let last = approve(&portal, &other, &id).await.unwrap();
        assert_eq!(last.row.state, State::Approved, "who has handed over can still decide");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_told_also_those_of_it_whom_only_the_directory_knows() {
    both(|bed| async move {
        let portal = ruled(&bed, vec![security()]).await;
        let member = portal.member().await;
        let one = officer(&portal, "officer", None).await;
        let gone = portal.caller("was-one", Role::Member, Some("catalogue")).await;
        let names = ["unseen", "was-one", "officer"].map(|name| format!("{name}@contoso.example"));
        approver::keep(&bed.store, GROUP, &names, portal.now()).await.unwrap();
        portal.asked(&member, "told").await;
        portal.service.tell_all(portal.now()).await.unwrap();
        let list = portal.service.notices(&one, "", None).await.unwrap().rows;
        assert_eq!(list.len(), 1);
        assert_eq!(list[0].subject, "Create told waits for your decision");
        let mails = "select count(*) from telling where channel = 'mail'";
        let to_unseen = "select count(*) from telling where channel = 'mail' and address = 'unseen@contoso.example'";
        assert_eq!((number(&bed.store, mails).await, number(&bed.store, to_unseen).await), (2, 1));
        assert!(portal.service.notices(&gone, "", None).await.unwrap().rows.is_empty(), "their sign-in says otherwise");

        // A look that does not find somebody any more forgets them.
        approver::keep(&bed.store, GROUP, &[], portal.now().plus(1)).await.unwrap();
        assert_eq!(approver::unseen(&bed.store).await.unwrap(), []);
    })
    .await;
}

/// With a directory of its own, in which an administrator grants what Keystead asks for.
#[tokio::test(flavor = "multi_thread")]
async fn the_directory_says_who_is_in_a_group_and_a_sign_in_brings_it_along() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let simulator = Simulator::start(Options::at_speed(folder.path(), 1000.0)).await.unwrap();
    let facts = simulator.ready();
    let config = Given::read(None, Env::prefixed("NOBODY_SETS_THIS__")).unwrap().with_facts(&facts).unwrap();
    let group = config.teams[1].group.clone();
    let asks = Level { by: By::group(&group, "Catalogue"), approvers: 1 };
    let bed = Bed::sqlite().await;
    let replace =
        |given: Config| move |config: &mut Config| *config = Config { approvals: vec![policy(vec![asks])], ..given };
    let portal = Portal::configured(bed.store.clone(), replace(config.clone())).await;
    let look = |azure: azure::Azure| ApproverLook {
        store: bed.store.clone(),
        azure,
        groups: vec![domain::approval::Group { id: group.to_lowercase(), title: "Catalogue".into() }],
    };
    look(portal.azure.clone()).ring("", portal.now()).await.unwrap();
    assert_eq!(approver::unseen(&bed.store).await.unwrap(), [], "it does not tell Keystead");

    let me = portal.azure.me().await.unwrap();
    let control = facts["control"].as_str().unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let all: serde_json::Value =
        http.get(format!("{control}/applications")).send().await.unwrap().json().await.unwrap();
    let own = all.as_array().unwrap().iter().find(|one| one["object_id"] == me.object_id.as_str()).unwrap();
    let consents = serde_json::json!({ "application": own["application"], "consents": {
        "application": ["GroupMember.Read.All"], "delegated": [] } });
    http.post(format!("{control}/consents")).json(&consents).send().await.unwrap().error_for_status().unwrap();
    // The token that holds the new consent is another one.
    look(azure::Azure::connect(config.azure.client()).unwrap()).ring("", portal.now()).await.unwrap();
    let known = approver::unseen(&bed.store).await.unwrap();
    let names: Vec<&str> = known.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names, ["second-manager@contoso.example", "second-member@contoso.example"]);

    let mut browser = Browser::on(&portal.router);
    browser.sign_in("second-member@contoso.example", "/").await;
    let page = browser.get("/environments").await.body;
    assert!(page.contains("Team Catalogue, member, Catalogue"), "{page}");
    assert_eq!(approver::unseen(&bed.store).await.unwrap().len(), 1, "of whom has signed in, that says it");
    simulator.stop().await;
}
