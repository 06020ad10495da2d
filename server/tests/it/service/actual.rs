//! What Azure has billed is shown beside the estimate, late, by environment and team, also for what is gone.

use crate::support::bed::{Bed, both, number};
use crate::support::living::small;
use crate::support::portal::{Portal, facts};
use app::portal::Environments;
use azure_simulator::{Options, Simulator};
use domain::account::{Caller, Role};
use domain::cost::actual::Actual;
use domain::environment::State;
use domain::view::environment::Filter;
use figment::providers::Env;
use keystead::config::Given;
use keystead::timers::{ActualLook, Next, Timer};
use serde_json::{Value, json};

const MINUTE: i64 = 60_000;

fn look(portal: &Portal) -> ActualLook {
    ActualLook { store: portal.store.clone(), azure: portal.azure.clone(), on: true, every_minutes: 240 }
}

async fn ring(portal: &Portal) -> Next {
    look(portal).ring("", portal.now()).await.unwrap()
}

/// Azure tells of everything at once, so that nobody has to wait for hours.
async fn told_at_once() {
    let url = format!("{}/settings", facts()["control"].as_str().unwrap());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let changed = http.patch(url).json(&json!({"costs_late_minutes": 0})).send().await.unwrap();
    assert!(changed.status().is_success(), "{}", changed.status());
}

async fn of(portal: &Portal, caller: &Caller, name: &str) -> Actual {
    portal.service.environment(caller, name).await.unwrap().actual.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_billed_stands_beside_the_estimate_and_stays_after_the_end() {
    told_at_once().await;
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let name = format!("billed-{}", bed.name);
        let (lists, nobody) =
            (Filter::default(), portal.caller("second-member", Role::Member, Some("catalogue")).await);
        portal.built(&member, &manager, small(&name)).await;
        let unread = of(&portal, &member, &name).await;
        assert_eq!((unread.read, unread.until, unread.refused.clone()), (None, None, None));
        assert_eq!(unread.this_month.said(), "nothing told");
        assert_eq!(portal.service.environments(&member, &lists).await.unwrap().actual, None, "nothing to sum yet");

        assert_eq!(ring(&portal).await, Next::Again(portal.now().plus(240 * MINUTE)));
        let told = of(&portal, &member, &name).await;
        assert_eq!(told.read, Some(portal.now()));
        assert_eq!(told.until.unwrap().month(), told.this_month.month);
        let [billed] = told.this_month.amounts.as_slice() else { panic!("{told:?}") };
        // A started hour of the node with its disk, and of the address with the balancer behind it, in the group that AKS made.
        let hour = billed.micros;
        assert!((160_000..200_000).contains(&hour), "{hour}");
        assert!(told.last_month.amounts.is_empty());
        let list = portal.service.environments(&member, &lists).await.unwrap().actual.unwrap();
        assert_eq!((list.sums, list.until), (vec![("Payments".to_owned(), *billed)], told.until));
        let others = portal.service.environments(&nobody, &lists).await.unwrap().actual.unwrap();
        assert!(others.sums.is_empty(), "what other teams pay is no business of theirs: {:?}", others.sums);
        ring(&portal).await;
        assert_eq!(of(&portal, &member, &name).await.this_month, told.this_month, "read twice is counted once");

        portal.destroyed(&member, &manager, &name, true).await;
        ring(&portal).await;
        let gone = portal.service.environment(&member, &name).await.unwrap();
        assert_eq!(gone.row.state, State::Gone);
        assert_eq!(gone.actual.unwrap().this_month, told.this_month);
        let list = portal.service.environments(&member, &lists).await.unwrap();
        assert!(list.sums.is_empty(), "nothing is estimated any more");
        assert_eq!(list.actual.unwrap().sums, [("Payments".to_owned(), *billed)], "and yet it is to be paid");
    })
    .await;
}

/// An Azure of this test's own: a refusal that is rehearsed hits whoever asks first.
async fn own() -> (tempfile::TempDir, Simulator) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("password"), "not-needed\n").unwrap();
    let simulator = Simulator::start(Options::at_speed(folder.path(), 1000.0)).await.unwrap();
    (folder, simulator)
}

async fn tell(simulator: &Simulator, fault: Value) {
    let url = format!("{}/faults", simulator.ready()["control"].as_str().unwrap());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.post(url).json(&fault).send().await.unwrap();
    assert!(answer.status().is_success(), "{fault}: {}", answer.status());
}

#[tokio::test(flavor = "multi_thread")]
async fn why_azure_does_not_tell_is_said_with_what_helps_and_what_was_told_stays() {
    let (folder, simulator) = own().await;
    let mut facts = simulator.ready();
    facts["database"] = json!({"server": "db.contoso.example:5432", "database": "payments", "username": "payments_app",
        "password_file": folder.path().join("password")});
    let given = || Given::read(None, Env::prefixed("NOBODY_SETS_THIS__")).unwrap();
    for bed in [Bed::sqlite().await, Bed::postgres().await] {
        let config = given().with_facts(&facts).unwrap();
        let portal = Portal::configured(bed.store.clone(), |known| *known = config).await;
        let member = portal.member().await;
        portal.asked(&member, "untold").await;
        let next = portal.now().plus(240 * MINUTE);
        tell(&simulator, json!({"named": "cost-disabled"})).await;
        assert_eq!(ring(&portal).await, Next::Again(next));
        let told = of(&portal, &member, "untold").await;
        let refused = told.refused.unwrap();
        assert!(refused.why.contains("AO view charges") && refused.command.is_none(), "{refused:?}");
        assert_eq!(told.read, None);

        ring(&portal).await;
        let told = of(&portal, &member, "untold").await;
        let read = portal.now();
        assert_eq!((told.refused, told.read), (None, Some(read)), "what was refused is over");
        portal.clock.advance(MINUTE);
        let denied = json!({"method": "POST", "path": "/providers/Microsoft.CostManagement/query", "status": 401,
            "code": "RBACAccessDenied", "message": "The client does not have authorization to perform action."});
        tell(&simulator, denied).await;
        ring(&portal).await;
        let told = of(&portal, &member, "untold").await;
        let refused = told.refused.unwrap();
        let command = refused.command.unwrap();
        assert!(refused.why.contains("Cost Management Reader"), "{}", refused.why);
        assert!(command.starts_with("az role assignment create --assignee-object-id "), "{command}");
        assert!(command.ends_with(&format!("--scope /subscriptions/{}", portal.azure.subscription())), "{command}");
        assert_eq!(told.read, Some(read), "what was told before stays");

        tell(
            &simulator,
            json!({"named": "cost-throttled", "headers":
            {"x-ms-ratelimit-microsoft.costmanagement-entity-retry-after": "3600"}}),
        )
        .await;
        assert_eq!(ring(&portal).await, Next::Again(portal.now().plus(60 * MINUTE)), "as long as Azure names");
        let told = of(&portal, &member, "untold").await;
        assert!(told.refused.is_some(), "being asked too often changes nothing of what is known");
    }
    simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_is_not_configured_nobody_is_asked() {
    let bed = Bed::sqlite().await;
    let portal = Portal::configured(bed.store.clone(), |config| config.cost.actual = false).await;
    let member = portal.member().await;
    portal.asked(&member, "not-read").await;
    assert_eq!(portal.service.environment(&member, "not-read").await.unwrap().actual, None);
    assert_eq!(portal.service.environments(&member, &Filter::default()).await.unwrap().actual, None);
    let off = ActualLook { on: false, ..look(&portal) };
    off.begin(portal.now()).await.unwrap();
    assert_eq!(number(&bed.store, "select count(*) from timer where kind = 'actual'").await, 0);
    assert_eq!(off.ring("", portal.now()).await.unwrap(), Next::Done, "one that was set before it was switched off");
}
