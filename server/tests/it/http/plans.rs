//! A plan that is made without asking anybody, read, and sent exactly as it is; and everything that keeps it from that.

use crate::support::bed::{Bed, both, number};
use crate::support::living::small;
use crate::support::portal::{PASSWORD, Portal};
use crate::support::program::Program;
use app::portal::{Policies, Requests};
use axum::http::StatusCode;
use domain::account::Role;
use domain::quota::Limits;
use keystead::timers::{PlanSweep, Timer};
use serde_json::{Value, json};

const MINUTE: i64 = 60_000;

fn answers(name: &str) -> Value {
    json!({"name": name, "team": "payments", "region": "westeurope", "template": "web-app-one-node"})
}

async fn made(program: &Program, body: &Value) -> Value {
    let made = program.post("/plans", body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    made.json()
}

/// As a request for it names it.
fn of(plan: &Value) -> Value {
    json!({"plan": plan["id"], "digest": plan["digest"]})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_made_read_and_sent_as_it_is() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let (member, manager) = (Program::of(&portal, &member).await, Program::of(&portal, &manager).await);
        let seen = member.post("/plans", &answers("planned")).await;
        assert_eq!(seen.status, StatusCode::CREATED, "{}", seen.body);
        let address = seen.header("location").to_owned();
        let plan = seen.json();
        assert_eq!((&plan["environment"], &plan["kind"]), (&json!("planned"), &json!("create")));
        assert_eq!((&plan["sendable"], &plan["password_needed"]), (&json!(true), &json!(false)), "{plan}");
        assert!(plan["resources"].as_array().unwrap().len() > 10, "{plan}");
        assert!(plan["monthly"]["amount"]["micros"].as_i64().unwrap() > 0 && plan["priced"].is_i64(), "{plan}");
        assert_eq!(plan["approval"]["levels"], json!([{"by": "managers", "approvers": 1}]));
        assert!(!seen.body.contains(PASSWORD));
        assert_eq!(number(&portal.store, "select count(*) from request").await, 0, "nobody is asked by a plan");

        assert_eq!(member.get(&address).await.json(), plan);
        assert_eq!(manager.get(&address).await.status, StatusCode::NOT_FOUND, "it is its author's alone");
        assert_eq!(manager.post("/requests", &of(&plan)).await.status, StatusCode::NOT_FOUND);

        let mut wrong = of(&plan);
        wrong["digest"] = json!("0000 0000");
        assert_eq!(member.post("/requests", &wrong).await.status, StatusCode::CONFLICT);
        let mut mixed = of(&plan);
        mixed["nodes"] = json!("3");
        assert_eq!(member.post("/requests", &mixed).await.status, StatusCode::UNPROCESSABLE_ENTITY);

        let sent = member.post("/requests", &of(&plan)).await;
        assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.body);
        let request = sent.json();
        assert_eq!(request["digest"], plan["digest"]);
        assert_eq!((&request["plan"]["lines"], &request["wish"]), (&plan["resources"], &plan["wish"]));
        assert_eq!(sent.header("location"), format!("/api/v1/requests/{}", request["row"]["id"].as_str().unwrap()));

        let again = member.post("/requests", &of(&plan)).await;
        assert_eq!(again.status, StatusCode::CONFLICT);
        assert!(again.body.contains(request["row"]["id"].as_str().unwrap()), "{}", again.body);
        assert_eq!(member.get(&address).await.json()["request"], request["row"]["id"]);
        let approval = format!("{}/approval", sent.header("location"));
        let approved = manager.post(&approval, &json!({"digest": request["digest"]})).await;
        assert_eq!(approved.status, StatusCode::ACCEPTED, "{}", approved.body);
    })
    .await;
}

/// A replica that reaches no Azure sends what another has planned, for as long as it needs no look.
#[tokio::test(flavor = "multi_thread")]
async fn a_fresh_plan_is_frozen_without_another_look_at_azure() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let cut_off = Portal::configured(bed.store.clone(), |config| {
            config.azure.proxy = Some("http://127.0.0.1:9".parse().unwrap());
        })
        .await;
        let member = portal.member().await;
        let program = Program::of(&portal, &member).await;
        let (plan, older) = (made(&program, &answers("frozen")).await, made(&program, &answers("older")).await);
        let alone = Program::of(&cut_off, &member).await;
        let whole = alone.post("/requests", &answers("looked-at")).await;
        assert_eq!(whole.status, StatusCode::SERVICE_UNAVAILABLE, "without a plan Azure is asked: {}", whole.body);
        cut_off.clock.advance(9 * MINUTE);
        let sent = alone.post("/requests", &of(&plan)).await;
        assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.body);
        assert_eq!((&sent.json()["cost"], &sent.json()["digest"]), (&plan["cost"], &plan["digest"]));
        cut_off.clock.advance(2 * MINUTE);
        let refused = alone.post("/requests", &of(&older)).await;
        assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE, "{}", refused.body);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_plan_is_looked_at_again_and_a_very_old_one_refused() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let member = portal.member().await;
        let program = Program::of(&portal, &member).await;
        let (old, older) = (made(&program, &answers("old-one")).await, made(&program, &answers("older-one")).await);
        portal.clock.advance(11 * MINUTE);
        let sent = program.post("/requests", &of(&old)).await;
        assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.body);
        assert_eq!(sent.json()["digest"], old["digest"], "it does the same");
        portal.clock.advance(50 * MINUTE);
        let token = Program::of(&portal, &member).await;
        let refused = token.post("/requests", &of(&older)).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert!(refused.json()["detail"].as_str().unwrap().contains("too old"), "{}", refused.body);

        let sweep = PlanSweep { store: portal.store.clone() };
        sweep.ring("", portal.now()).await.unwrap();
        assert_eq!(number(&portal.store, "select count(*) from made_plan").await, 2, "it still says why");
        portal.clock.advance(25 * 60 * MINUTE);
        sweep.ring("", portal.now()).await.unwrap();
        assert_eq!(number(&portal.store, "select count(*) from made_plan").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn name_policy_and_quota_are_judged_anew_when_it_is_sent() {
    both(|bed| async move {
        let two = Limits { environments: Some(2), ..Limits::default() };
        let portal = Portal::configured(bed.store.clone(), |config| {
            config.teams.iter_mut().for_each(|team| team.quota = two.clone());
        })
        .await;
        let member = portal.member().await;
        let program = Program::of(&portal, &member).await;
        let plan = made(&program, &answers("judged")).await;
        assert_eq!(plan["quota"]["environments"], json!({"held": 0, "asked": 1, "of": 2}));
        let (ruled, third) = (made(&program, &answers("ruled")).await, made(&program, &answers("third")).await);

        let mut taken = answers("judged");
        taken["nodes"] = json!("2");
        assert_eq!(program.post("/requests", &taken).await.status, StatusCode::CREATED);
        let refused = program.post("/requests", &of(&plan)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);

        let engineer = portal.caller("platform-engineer", Role::PlatformEngineer, None).await;
        let text = "title = \"No single node\"\n[deny]\nnodes = { min = 2 }\n";
        let (name, version) = portal.service.write_policy(&engineer, None, 0, text).await.unwrap();
        portal.service.switch_policy(&engineer, name.as_str(), None, Some(version)).await.unwrap();
        let refused = program.post("/requests", &of(&ruled)).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
        assert!(refused.json()["detail"].as_str().unwrap().contains("No single node"), "{}", refused.body);
        let denied = made(&program, &answers("denied")).await;
        assert_eq!(denied["sendable"], json!(false));
        let found = denied["findings"].as_array().unwrap();
        let of_policy = found.iter().find(|found| found["policy"]["effect"] == json!("deny")).unwrap();
        assert_eq!((&of_policy["pointer"], &of_policy["weight"]), (&json!("/nodes"), &json!("deny")));
        assert_eq!(program.post("/requests", &of(&denied)).await.status, StatusCode::UNPROCESSABLE_ENTITY);

        portal.service.switch_policy(&engineer, name.as_str(), Some(version), None).await.unwrap();
        assert_eq!(program.post("/requests", &of(&ruled)).await.status, StatusCode::CREATED);
        let full = program.post("/requests", &of(&third)).await;
        assert_eq!(full.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(full.body.contains("may hold 2 environments and holds 2"), "{}", full.body);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_that_became_another_one_is_told() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let member = portal.member().await;
        let program = Program::of(&portal, &member).await;
        let plan = made(&program, &answers("template")).await;
        let later = Portal::configured(bed.store.clone(), |config| {
            config.templates.iter_mut().for_each(|entry| {
                entry.template.version += 1;
                entry.template.replicas += 1;
            });
        })
        .await;
        let refused = Program::of(&later, &member).await.post("/requests", &of(&plan)).await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        let said = refused.json()["detail"].as_str().unwrap().to_owned();
        assert!(said.contains("replicas:") && said.contains("version"), "{said}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_comes_with_the_request_where_it_is_needed() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let member = portal.member().await;
        let program = Program::of(&portal, &member).await;
        let mut own = answers("own-base");
        own["db_server"] = json!("db.contoso.example");
        own["db_database"] = json!("own");
        own["db_username"] = json!("own");
        let plan = made(&program, &own).await;
        assert_eq!(plan["password_needed"], json!(true));
        let missing = program.post("/requests", &of(&plan)).await;
        assert_eq!(missing.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(missing.json()["errors"][0]["field"], "db_password");
        let mut with = of(&plan);
        with["db_password"] = json!("own-secret-41c7");
        with["reason"] = json!("For the load test");
        let sent = program.post("/requests", &with).await;
        assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.body);
        assert_eq!(sent.json()["row"]["reason"], "For the load test");
        assert!(!sent.body.contains("own-secret"));

        let brought = made(&program, &answers("brought")).await;
        let mut with = of(&brought);
        with["db_password"] = json!("own-secret-41c7");
        assert_eq!(program.post("/requests", &with).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_send_one_plan_at_once_one_does() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let member = portal.member().await;
        let program = Program::of(&portal, &member).await;
        let plan = of(&made(&program, &answers("at-once")).await);
        let sent = futures::future::join_all((0..8).map(|_| program.post("/requests", &plan))).await;
        let created = sent.iter().filter(|sent| sent.status == StatusCode::CREATED).count();
        assert_eq!(created, 1, "{:?}", sent.iter().map(|sent| (sent.status, &sent.body)).collect::<Vec<_>>());
        assert!(sent.iter().all(|sent| sent.status.is_success() || sent.status.is_client_error()));
        assert_eq!(number(&portal.store, "select count(*) from request").await, 1);
    })
    .await;
}

/// Over a real environment; what it is made of belongs to no database.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_planned_over_what_stands() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    portal.built(&member, &manager, small("standing")).await;
    let program = Program::of(&portal, &member).await;
    let asked = json!({"environment": "standing", "replicas": "3", "reason": "More"});
    let plan = made(&program, &asked).await;
    assert_eq!((&plan["kind"], plan["former"]["web_app"]["replicas"] != json!(3)), (&json!("change"), true));
    let other = made(&program, &json!({"environment": "standing", "replicas": "4"})).await;
    let none = program.post("/plans", &json!({"environment": "none", "replicas": "3"})).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
    let same = program.post("/plans", &json!({"environment": "standing"})).await;
    assert_eq!(same.status, StatusCode::UNPROCESSABLE_ENTITY);

    let sent = program.post("/requests", &of(&plan)).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.body);
    let sent = sent.json();
    assert_eq!((&sent["digest"], &sent["row"]["kind"]), (&plan["digest"], &json!("change")));
    let waits = program.post("/requests", &of(&other)).await;
    assert_eq!(waits.status, StatusCode::CONFLICT, "{}", waits.body);
    let request = domain::id::RequestId::new(sent["row"]["id"].as_str().unwrap());
    portal.carried_out(&manager, &request).await;
    let refused = Program::of(&portal, &member).await.post("/requests", &of(&other)).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
    assert!(portal.service.request(&member, &request).await.unwrap().job.is_some());
}
