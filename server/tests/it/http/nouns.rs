//! What programs read beside environments and requests, and what they do that only pages did before.

use crate::support::bed::{Bed, both};
use crate::support::living::small;
use crate::support::portal::Portal;
use crate::support::program::Program;
use axum::http::StatusCode;
use domain::account::Role;
use domain::audit::Actor;
use domain::failure::{Failure, Mend};
use domain::job::Event;
use domain::quota::Limits;
use keystead::engine::place::Place;
use keystead::store::{self, event};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn templates_teams_and_quotas_are_those_that_the_caller_sees() {
    both(|bed| async move {
        let portal = Portal::configured(bed.store.clone(), |config| {
            let bounded = Limits { environments: Some(5), cores: Some(40), monthly: None };
            let team = config.teams.iter_mut().find(|team| team.name.as_str() == "payments");
            team.unwrap().quota = bounded;
        })
        .await;
        let (member, _manager) = (portal.member().await, portal.manager().await);
        portal.asked(&member, "counted").await;
        let program = Program::of(&portal, &member).await;
        let templates = program.get("/templates").await.json();
        let names: Vec<&str> =
            templates["rows"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
        assert!(names.contains(&"web-app-three-nodes") && names.is_sorted(), "{names:?}");
        let teams = program.get("/teams").await.json();
        assert_eq!(teams["rows"].as_array().unwrap().len(), 1);
        assert_eq!(teams["rows"][0]["name"], "payments");
        let managers = teams["rows"][0]["managers"].as_array().unwrap();
        assert!(managers.contains(&json!("manager@contoso.example")), "{teams}");
        let quotas = program.get("/quotas").await.json();
        assert_eq!(quotas["rows"][0]["environments"], json!({"held": 1, "of": 5}), "{quotas}");
        assert_eq!(quotas["rows"][0]["cores"], json!({"held": 6, "of": 40}));
        assert_eq!(quotas["rows"][0]["monthly"]["of"], Value::Null);
        assert!(quotas["rows"][0]["monthly"]["held"].as_i64().unwrap() > 0);

        let auditor = portal.caller("auditor", Role::Auditor, None).await;
        let auditor = Program::of(&portal, &auditor).await;
        assert!(auditor.get("/teams").await.json()["rows"].as_array().unwrap().len() > 1);
        assert!(auditor.get("/quotas").await.json()["rows"].as_array().unwrap().len() > 1);
        let other = portal.caller("other", Role::Member, Some("catalogue")).await;
        let other = Program::of(&portal, &other).await;
        assert!(!other.get("/quotas").await.body.contains("payments"));
        assert!(!other.get("/teams").await.body.contains("payments"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn approvals_are_handed_over_and_taken_back() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        portal.caller("deputy", Role::Manager, Some("payments")).await;
        let program = Program::of(&portal, &manager).await;
        assert_eq!(program.get("/handover").await.json()["handed"], Value::Null);
        let until = portal.now().plus(5 * 86_400_000).rfc3339()[..10].to_owned();
        let asked = json!({"to": "deputy@contoso.example", "until": until});
        let handed = program.post("/handover", &asked).await;
        assert_eq!(handed.status, StatusCode::CREATED, "{}", handed.body);
        assert_eq!(handed.json()["handed"]["to"], "deputy@contoso.example");
        assert_eq!(program.post("/handover", &asked).await.status, StatusCode::CONFLICT);
        let wrong = json!({"to": "deputy@contoso.example", "until": "soon"});
        assert_eq!(program.ask("DELETE", "/handover", &[], String::new()).await.status, StatusCode::NO_CONTENT);
        assert_eq!(program.get("/handover").await.json()["handed"], Value::Null);
        assert_eq!(program.post("/handover", &wrong).await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let member = Program::of(&portal, &member).await;
        assert_eq!(member.post("/handover", &asked).await.status, StatusCode::FORBIDDEN);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_platform_engineer_sends_again_what_could_not_be_delivered() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let engineer = portal.caller("platform-engineer", Role::PlatformEngineer, None).await;
        for (caller, status) in [(portal.manager().await, StatusCode::FORBIDDEN), (engineer, StatusCode::CONFLICT)] {
            let program = Program::of(&portal, &caller).await;
            let seen = program.post("/deliveries/none/redelivery", &json!({})).await;
            assert_eq!(seen.status, status, "{}", seen.body);
        }
    })
    .await;
}

/// Over a real environment; what it is made of belongs to no database.
#[tokio::test(flavor = "multi_thread")]
async fn secrets_checks_and_validations_are_read_and_a_repair_is_asked_for() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    portal.asked(&member, "waiting").await;
    let built = portal.built(&member, &manager, small("proved")).await;
    let program = Program::of(&portal, &member).await;
    let secrets = program.get("/environments/proved/secrets").await;
    let rows = secrets.json()["rows"].as_array().unwrap().clone();
    assert_eq!((rows.len(), &secrets.json()["unread"]), (4, &Value::Null), "{}", secrets.body);
    for row in &rows {
        assert!(row["version"].as_str().is_some_and(|version| version.len() == 32), "{row}");
        assert!(row["enabled"] == json!(true) && row["created"].is_i64() && row["age_seconds"].is_i64(), "{row}");
        assert_eq!(row.as_object().unwrap().len(), 5, "nothing else is told: {row}");
    }
    let unbuilt = program.get("/environments/waiting/secrets").await.json();
    assert_eq!(
        (&unbuilt["unread"], &unbuilt["rows"][0]["version"]),
        (&json!("Nothing stands of it yet."), &Value::Null)
    );

    portal.looked(&built.job.environment).await;
    let access = program.get("/environments/proved/access").await.json();
    let reads = |row: &Value| row["reads"] == json!(true) && row["span"]["until"] == json!("still");
    let holders = access["could"]["holders"].as_array().unwrap();
    assert!(holders.iter().any(|row| reads(row) && row["name"] == json!("The web app")), "{access}");
    let wrote = |row: &Value| row["what"] == json!("Wrote a value") && row["allowed"] == json!(true);
    assert!(access["did"]["rows"].as_array().unwrap().iter().any(wrote), "{access}");
    assert_eq!((&access["unread"], &access["did"]["more"]), (&Value::Null, &json!(false)), "{access}");
    let before = program.get("/environments/proved/access?at=2020-01-01T00:00").await.json();
    let app = |row: &Value| row["name"] == json!("The web app");
    assert!(!before["could"]["holders"].as_array().unwrap().iter().any(app), "{before}");
    let unknown = program.get("/environments/proved/access?at=yesterday").await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", unknown.body);

    let checks = program.get("/environments/proved/checks").await.json();
    assert!(checks["rows"].as_array().unwrap().iter().any(|row| row["check"] == "four-secrets"), "{checks}");
    assert_eq!(program.get("/environments/waiting/checks").await.status, StatusCode::NOT_FOUND);
    let begun = program.post("/environments/proved/validation", &json!({})).await;
    assert_eq!(begun.status, StatusCode::ACCEPTED, "{}", begun.body);
    let runs = program.get("/environments/proved/validations?limit=1").await;
    assert_eq!(runs.json()["rows"][0]["id"], begun.json()["validation"]);
    let link = runs.header("link").trim_start_matches('<').split('>').next().unwrap().to_owned();
    let first = program.get(&link).await.json();
    assert_eq!(first["next"], Value::Null);
    let id = first["rows"][0]["id"].as_str().unwrap();
    let run = program.get(&format!("/environments/proved/validations/{id}")).await.json();
    let evidence =
        |run: &Value| run["results"].as_array().unwrap().iter().any(|result| result["evidence"] != json!([]));
    assert!(evidence(&run) && !evidence(&first["rows"][0]), "a list has no evidence");
    assert_eq!(program.get(&format!("/environments/waiting/validations/{id}")).await.status, StatusCode::NOT_FOUND);

    let nothing = program.post("/environments/proved/repair", &json!({})).await;
    assert_eq!(nothing.status, StatusCode::CONFLICT, "{}", nothing.body);
    let look = program.post("/environments/proved/looks", &json!({})).await;
    assert_eq!((look.status, look.header("location")), (StatusCode::ACCEPTED, "/api/v1/environments/proved"));
    let place = Place::new(portal.azure.subscription(), &built.job.wish);
    portal.azure.arm().delete(&place.vault_audit()).await.unwrap();
    let repair = program.post("/environments/proved/repair", &json!({})).await;
    assert_eq!(repair.status, StatusCode::CREATED, "{}", repair.body);
    assert_eq!(repair.json()["row"]["kind"], "repair");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_stopped_is_given_another_vault_name() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let request = portal.asked(&member, "renamed").await;
        let job = portal.approved(&manager, &request).await.unwrap();
        let program = Program::of(&portal, &member).await;
        let (rename, plan) = (format!("/jobs/{job}/vault-name"), format!("/jobs/{job}/plan"));
        let other = json!({"vault_name": "kv-given"});
        assert_eq!(program.post(&rename, &other).await.status, StatusCode::CONFLICT, "it has not stopped");
        assert_eq!(program.post(&plan, &json!({})).await.status, StatusCode::CONFLICT);
        assert_eq!(program.post("/jobs/none/plan", &json!({})).await.status, StatusCode::NOT_FOUND);
        let failure = Failure {
            title: "Vault: its name is held".into(),
            quote: None,
            cause: "Somebody took it.".into(),
            remedy: "Give it another one.".into(),
            mend: Some(Mend::VaultName),
        };
        let told = [
            Event::Started { step: "resource-group".into() },
            Event::Succeeded { step: "resource-group".into(), output: json!({}) },
            Event::Started { step: "vault".into() },
            Event::Failed { step: "vault".into(), failure },
        ];
        let by = Actor::keystead();
        let said = event::say::<store::Error>(&portal.store, &by, &job, portal.now(), |_| Ok(told.to_vec())).await;
        said.unwrap();
        let wrong = program.post(&rename, &json!({"vault_name": "kv--"})).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", wrong.body);
        let given = program.post(&rename, &other).await;
        assert_eq!(given.status, StatusCode::CREATED, "{}", given.body);
        assert_eq!(given.json()["row"]["kind"], "rename");
        assert_eq!(program.get(given.header("location")).await.json()["job"], json!(job));
    })
    .await;
}
