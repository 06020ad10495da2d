//! Policies: said while the form is filled, held when it is sent, looked at again before an approval counts; written in
//! versions, tried out against past requests, and switched for every server at once.

use crate::support::bed::{Bed, both, wish};
use crate::support::living::small;
use crate::support::portal::{Portal, form, submission};
use app::error::{Code, PortalError};
use app::portal::{Answer, Audit, Changes, Offers, Policies, Requests, Submission};
use domain::account::{Caller, Role};
use domain::form::Form;
use domain::id::RequestId;
use domain::plan::Verb;
use domain::policy::{Effect, Policy};
use domain::request::{Decision, State};
use domain::view::audit::Filter;
use domain::view::request::{LevelStand, Whole};
use keystead::config::Config;
use keystead::engine::place::Place;
use keystead::store::{Store, Use};

/// The configuration with this policy alone.
fn configured(text: &'static str) -> impl FnOnce(&mut Config) {
    move |config| config.policies = vec![toml::from_str::<Policy>(text).unwrap()]
}

async fn engineer(portal: &Portal) -> Caller {
    portal.caller("platform-engineer", Role::PlatformEngineer, None).await
}

fn with(name: &str, change: impl FnOnce(&mut Form)) -> Submission {
    let mut form = form(name);
    change(&mut form);
    Submission { form, password: None, draft: None }
}

async fn approve(portal: &Portal, caller: &Caller, id: &RequestId) -> Answer<Whole> {
    let digest = portal.service.request(caller, id).await?.digest;
    portal.service.decide(caller, id, Decision::Approve, "", &digest, None).await
}

/// Written and switched on; its newest version.
async fn on(portal: &Portal, engineer: &Caller, text: &str) -> (String, u32) {
    let (name, version) = portal.service.write_policy(engineer, None, 0, text).await.unwrap();
    portal.service.switch_policy(engineer, name.as_str(), None, Some(version)).await.unwrap();
    (name.to_string(), version)
}

fn only(refused: &PortalError) -> (&str, &str) {
    assert_eq!((refused.code, refused.fields.len()), (Code::Invalid, 1), "{refused:?}");
    (refused.fields[0].field.as_str(), refused.fields[0].message.as_str())
}

const FEW_NODES: &str = "title = \"Few nodes\"\n[deny]\nnodes = { max = 5 }\n[approval]\nnodes = { max = 3 }\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_form_begins_with_the_lifetime_of_a_policy_until_somebody_answers() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, engineer) = (portal.member().await, engineer(&portal).await);
        let days = async |form: &Form| form.filled(&portal.service.choices(&member).await.unwrap()).lifetime_days;
        assert_eq!(days(&form("short")).await, "30", "the template's");
        let text = "title = \"Short\"\nteams = [\"payments\"]\n[warn]\nlifetime_days = { max = 60, default = 14 }\n";
        on(&portal, &engineer, text).await;
        assert_eq!(days(&form("short")).await, "14");
        let id = portal.asked(&member, "short").await;
        assert_eq!(portal.service.request(&member, &id).await.unwrap().wish.lifetime.days, 14);
        let longer = portal.service.submit(&member, with("longer", |form| form.lifetime_days = "45".into())).await;
        let whole = portal.service.request(&member, &longer.unwrap()).await.unwrap();
        assert_eq!((whole.wish.lifetime.days, whole.plan.findings.len()), (45, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denial_stands_beside_its_field_and_says_what_would_pass() {
    both(|bed| async move {
        let portal = Portal::configured(bed.store.clone(), configured(FEW_NODES)).await;
        let member = portal.member().await;
        let six = with("denied", |form| form.nodes = "6".into());
        let panel = portal.service.plan(&member, &six.form, false).await.unwrap();
        let said = "Policy “Few nodes” demands at most 5 nodes, and this has 6 nodes: choose a number that fits.";
        assert_eq!(panel.plan.unwrap().findings[0].sentence, said);
        assert_eq!(only(&portal.service.submit(&member, six).await.unwrap_err()), ("nodes", said));
        let three = with("denied", |form| form.nodes = "3".into());
        portal.service.submit(&member, three).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_further_approval_is_frozen_with_the_request_and_says_why() {
    both(|bed| async move {
        let portal = Portal::configured(bed.store.clone(), configured(FEW_NODES)).await;
        let (member, manager, engineer) = (portal.member().await, portal.manager().await, engineer(&portal).await);
        let four = with("raised", |form| form.nodes = "4".into());
        let panel = portal.service.plan(&member, &four.form, false).await.unwrap();
        assert_eq!(panel.decider, "A manager of team Payments decides, then a platform engineer.");
        let id = portal.service.submit(&member, four).await.unwrap();
        let first = approve(&portal, &manager, &id).await.unwrap();
        assert_eq!((first.row.state, first.row.findings > 0), (State::Waiting, true));
        let said = "Policy “Few nodes” expects at most 3 nodes: with 4 nodes a platform engineer approves it too.";
        assert_eq!(first.levels[1].why.as_deref(), Some(said));
        assert_eq!((first.levels[0].why.as_deref(), first.levels[1].stand), (None, LevelStand::Asked));
        assert_eq!(approve(&portal, &engineer, &id).await.unwrap().row.state, State::Approved);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_judged_by_what_it_changes_and_a_removal_by_nothing() {
    let bed = Bed::sqlite().await;
    let portal = Portal::configured(bed.store.clone(), configured("title = \"P\"\n[warn]\ninsights = true\n")).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    portal.built(&member, &manager, small("stands")).await;
    let strict =
        "title = \"Strict\"\n[deny]\nregions = [\"northeurope\"]\nnodes = { max = 1 }\nlifetime_days = { max = 30 }\n";
    let strict = Portal::configured(bed.store.clone(), configured(strict)).await;
    let change = |change: fn(&mut Form)| {
        let mut form = Form::default();
        change(&mut form);
        form
    };
    let days = change(|form| form.lifetime_days = "31".into());
    let panel = strict.service.plan_change(&member, "stands", &days).await.unwrap();
    assert_eq!(panel.errors[0].field, "lifetime_days", "said beside the field while it is typed");
    let longer =
        strict.service.submit_change(&member, "stands", &change(|form| form.lifetime_days = "31".into())).await;
    let longer = longer.unwrap_err();
    let (field, said) = only(&longer);
    assert!(field == "lifetime_days" && said.contains("a lifetime of at most 30 days"), "{said}");
    let more = change(|form| form.replicas = "2".into());
    let panel = strict.service.plan_change(&member, "stands", &more).await.unwrap();
    let findings = panel.plan.unwrap().findings;
    let region = findings.iter().find(|finding| finding.field.as_deref() == Some("region")).unwrap();
    assert_eq!(region.effect(), Some(Effect::Warn), "where it stands is no reason to keep a change back");
    let sent = strict.service.submit_change(&member, "stands", &more).await.unwrap();
    strict.service.withdraw(&member, &sent).await.unwrap();
    let destruction = strict.service.destruction(&member, "stands", false).await.unwrap();
    assert!(destruction.plan.findings.iter().all(|finding| finding.policy.is_none()));
    let digest = destruction.digest;
    strict.service.submit_destruction(&member, "stands", false, "Not needed", &digest).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_switched_on_meanwhile_lets_approvals_lapse_and_what_it_denies_is_not_approved() {
    both(|bed| async move {
        let portal = Portal::configured(bed.store.clone(), |config| config.policies = Vec::new()).await;
        let (member, manager, engineer) = (portal.member().await, portal.manager().await, engineer(&portal).await);
        let id = portal.asked(&member, "waits").await;
        let before = portal.service.request(&member, &id).await.unwrap();
        assert_eq!(before.levels.len(), 1);
        let (name, _) = on(&portal, &engineer, "title = \"Long\"\n[approval]\nlifetime_days = { max = 7 }\n").await;
        let lapsed = approve(&portal, &manager, &id).await.unwrap_err();
        assert_eq!(lapsed.code, Code::Conflict);
        assert!(lapsed.message.contains("policy, needs a further approval now: Policy “Long”"), "{}", lapsed.message);
        let raised = portal.service.request(&member, &id).await.unwrap();
        assert_eq!((raised.levels.len(), raised.row.state), (2, State::Waiting));
        assert_ne!(raised.digest, before.digest, "whoever saw the old one approves nothing");
        assert_eq!(approve(&portal, &manager, &id).await.unwrap().level, 1);

        let denies = "title = \"Long\"\n[deny]\nlifetime_days = { max = 7 }\n";
        portal.service.write_policy(&engineer, Some(&name), 1, denies).await.unwrap();
        portal.service.switch_policy(&engineer, &name, Some(1), Some(2)).await.unwrap();
        assert_eq!(approve(&portal, &engineer, &id).await.unwrap_err().code, Code::Conflict);
        let refused = approve(&portal, &manager, &id).await.unwrap_err();
        assert!(refused.message.ends_with("Ask for changes, or reject it."), "{}", refused.message);
        let denied = portal.service.request(&member, &id).await.unwrap();
        assert_eq!((denied.levels.len(), denied.level), (1, 0), "nothing asks for a second level any more");

        portal.service.switch_policy(&engineer, &name, Some(2), None).await.unwrap();
        let freed = approve(&portal, &manager, &id).await.unwrap_err();
        assert!(freed.message.contains("policy, no longer: Policy “Long”"), "{}", freed.message);
        let approved = approve(&portal, &manager, &id).await.unwrap();
        assert_eq!((approved.row.state, approved.digest), (State::Approved, before.digest));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_tried_out_before_it_is_on_and_an_older_one_can_come_back() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, engineer) = (portal.member().await, engineer(&portal).await);
        for (name, nodes) in [("one", "1"), ("two", "2"), ("four", "4")] {
            portal.service.submit(&member, with(name, |form| form.nodes = nodes.into())).await.unwrap();
        }
        let (name, version) = portal.service.write_policy(&engineer, None, 0, FEW_NODES).await.unwrap();
        let name = name.to_string();
        assert_eq!((name.as_str(), version), ("few-nodes", 1));
        let draft = portal.service.policy(&engineer, &name, None, 30).await.unwrap();
        let trial = draft.trial.unwrap();
        assert_eq!((trial.tried, trial.freed, draft.row.on), (3, 0, None));
        assert_eq!(trial.effects, [(Effect::Deny, 0), (Effect::Approval, 1), (Effect::Warn, 0)]);
        let tried = &trial.otherwise[0];
        assert_eq!((tried.environment.as_str(), tried.before, tried.after), ("four", None, Some(Effect::Approval)));
        portal.asked(&member, "not-on-yet").await;

        portal.service.switch_policy(&engineer, &name, None, Some(1)).await.unwrap();
        let fewer = "title = \"Few nodes\"\n[deny]\nnodes = { max = 1 }\n";
        let (_, version) = portal.service.write_policy(&engineer, Some(&name), 1, fewer).await.unwrap();
        let newer = portal.service.policy(&engineer, &name, Some(version), 30).await.unwrap();
        let trial = newer.trial.unwrap();
        assert_eq!(trial.effects[0], (Effect::Deny, 3), "two, four and the one of three nodes");
        assert_eq!(trial.otherwise.iter().filter(|tried| tried.before.is_some()).count(), 1);
        portal.clock.advance(8 * 86_400_000);
        let week = portal.service.policy(&engineer, &name, Some(version), 7).await.unwrap();
        assert_eq!(week.trial.unwrap().tried, 0, "older than that");

        let stale = portal.service.write_policy(&engineer, Some(&name), 1, FEW_NODES).await.unwrap_err();
        assert!(only(&stale).1.starts_with("Somebody has written another version since"));
        portal.service.switch_policy(&engineer, &name, Some(1), Some(2)).await.unwrap();
        let late = portal.service.switch_policy(&engineer, &name, Some(1), None).await.unwrap_err();
        assert_eq!(late.message, "Somebody has switched it since. Look again, then switch it.");
        portal.service.switch_policy(&engineer, &name, Some(2), Some(1)).await.unwrap();
        let whole = portal.service.policy(&engineer, &name, None, 30).await.unwrap();
        assert_eq!((whole.row.on, whole.row.newest, whole.versions.len(), whole.shown), (Some(1), 2, 2, 1));
        assert_eq!(whole.text.as_deref(), Some(FEW_NODES));

        let told = portal.service.audit(&engineer, &Filter::default()).await.unwrap();
        let told: Vec<&str> =
            told.rows.iter().map(|row| row.act.as_str()).filter(|act| act.contains("Policy")).collect();
        let (written, switched) = ("Policy written", "Policy switched on");
        assert_eq!(told, [switched, switched, written, switched, written]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_takes_effect_on_every_server() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let store =
            if bed.name == "postgres" { Store::open(&bed.url, Use::Command).await.unwrap() } else { bed.store.clone() };
        let other = Portal::on(store).await;
        let (member, engineer) = (portal.member().await, engineer(&portal).await);
        let six = || with("everywhere", |form| form.nodes = "6".into());
        other.service.plan(&member, &six().form, false).await.unwrap();
        on(&portal, &engineer, FEW_NODES).await;
        let refused = other.service.submit(&member, six()).await.unwrap_err();
        assert_eq!(only(&refused).0, "nodes", "{}: what is sent is held against what is on", bed.name);
        // Without a hint, as where one is lost, a form believes for two seconds what it has heard.
        other.clock.advance(2_000);
        let panel = other.service.plan(&member, &six().form, false).await.unwrap();
        assert!(panel.plan.unwrap().denied(), "{}", bed.name);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_sees_what_concerns_them_and_the_configuration_is_changed_nowhere_else() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, engineer) = (portal.member().await, engineer(&portal).await);
        let elsewhere = portal.caller("second-member", Role::Member, Some("catalogue")).await;
        let auditor = portal.caller("auditor", Role::Auditor, None).await;
        let of_payments = "title = \"Of Payments\"\nteams = [\"payments\"]\n[warn]\ninsights = true\n";
        let (name, _) = on(&portal, &engineer, of_payments).await;
        portal
            .service
            .write_policy(&engineer, None, 0, "title = \"A draft\"\n[warn]\ninsights = true\n")
            .await
            .unwrap();
        let titles = async |caller: &Caller| -> Vec<String> {
            portal.service.policies(caller).await.unwrap().policies.into_iter().map(|row| row.title).collect()
        };
        assert_eq!(titles(&member).await, ["Short lives", "Of Payments"]);
        assert_eq!(titles(&elsewhere).await, ["Short lives"]);
        assert_eq!(titles(&auditor).await, ["Short lives", "A draft", "Of Payments"]);
        let seen = portal.service.policy(&member, &name, None, 30).await.unwrap();
        assert_eq!((seen.text, seen.versions.len(), seen.trial, seen.write.allowed), (None, 0, None, false));
        assert_eq!(seen.row.says, [(Effect::Warn, "insights".to_owned())]);
        assert_eq!(portal.service.policy(&elsewhere, &name, None, 30).await.unwrap_err().code, Code::NotFound);
        assert_eq!(portal.service.policy(&member, "a-draft", None, 30).await.unwrap_err().code, Code::NotFound);

        let lives = portal.service.policy(&engineer, "short-lives", None, 30).await.unwrap();
        assert!(lives.text.unwrap().contains("max = 180") && !lives.write.allowed);
        let same =
            portal.service.write_policy(&engineer, None, 0, "title = \"Short Lives\"\n[warn]\ninsights = true\n").await;
        assert!(only(&same.unwrap_err()).1.contains("The configuration has a policy short-lives"));
        assert_eq!(
            portal.service.switch_policy(&engineer, "short-lives", None, None).await.unwrap_err().code,
            Code::Conflict
        );
        let wrong =
            portal.service.write_policy(&engineer, None, 0, "title = \"P\"\n[deny]\nregions = [\"moon\"]\n").await;
        assert!(only(&wrong.unwrap_err()).1.starts_with("Line 3: There is no region moon; there are westeurope,"));
        let long = portal.service.submit(&member, with("long-lived", |form| form.lifetime_days = "91".into())).await;
        let whole = portal.service.request(&member, &long.unwrap()).await.unwrap();
        assert!(
            whole.plan.findings[0].sentence.starts_with("Policy “Short lives” expects a lifetime of at most 90 days")
        );
        portal.service.submit(&member, submission("as-usual")).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_that_are_demanded_stand_on_every_resource_and_change_in_place() {
    let bed = Bed::sqlite().await;
    let text = "title = \"Tagged\"\n[deny]\ntags = [\"cost-centre\"]\n";
    let portal = Portal::configured(bed.store.clone(), configured(text)).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    let refused = portal.service.submit(&member, with("tagged", |form| *form = small("tagged"))).await.unwrap_err();
    let (field, said) = only(&refused);
    assert!(field == "tags" && said.contains("the tag cost-centre, and this has no cost-centre"), "{said}");
    portal.built(&member, &manager, Form { tags: "cost-centre=4711".into(), ..small("tagged") }).await;
    assert!(tagged(&portal, "cost-centre").await.iter().all(|value| value == "4711"));
    let more = Form { tags: "cost-centre=4712, owner=Payments".into(), ..Form::default() };
    let panel = portal.service.plan_change(&member, "tagged", &more).await.unwrap();
    let plan = panel.plan.unwrap();
    assert_eq!((plan.count(Verb::Replace), plan.count(Verb::Create)), (0, 0), "{:?}", plan.lines);
    portal.changed(&member, &manager, "tagged", more).await;
    assert!(tagged(&portal, "cost-centre").await.iter().all(|value| value == "4712"));
    assert!(tagged(&portal, "owner").await.iter().all(|value| value == "Payments"));
}

/// The values of a tag on everything of the environment that bears Keystead's own, its group too.
async fn tagged(portal: &Portal, name: &str) -> Vec<String> {
    let group = Place::new(portal.azure.subscription(), &wish("tagged")).resource_group();
    let arm = portal.azure.arm();
    let mut there = arm.list(&format!("{group}/resources"), None).await.unwrap();
    there.extend(arm.get(&group).await.unwrap());
    there.retain(|one| one["tags"]["keystead-environment"] == "tagged");
    assert!(there.len() > 4, "{there:?}");
    there.iter().map(|one| one["tags"][name].as_str().unwrap_or("missing").to_owned()).collect()
}
