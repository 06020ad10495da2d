//! An environment as one document: put as JSON or YAML, compared with what stands and with what waits, and read again.

use crate::support::bed::{Bed, both, number};
use crate::support::browser::Browser;
use crate::support::living::small;
use crate::support::portal::Portal;
use crate::support::program::Program;
use axum::http::StatusCode;
use domain::account::Role;
use domain::id::RequestId;
use keystead::http::document::{SCHEMA, schema_of_the_document};
use serde_json::{Value, json};

const YAML: &str = "application/yaml";

/// As it stands in a repository.
const DOCUMENT: &str = "\
# yaml-language-server: $schema=https://keystead.contoso.example/api/schemas/wish.json
team: payments
region: westeurope
template: web-app-one-node
nodes: 2
kubernetes: 1.36   # text, quoted or not
insights: true
tags:
  cost-centre: 4711
  owner: payments
reason: For the load test
";

async fn requests(portal: &Portal) -> i64 {
    number(&portal.store, "select count(*) from request").await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_asked_for_once() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let program = Program::of(&portal, &portal.member().await).await;
        let put = program.put("/environments/in-git", YAML, DOCUMENT).await;
        assert_eq!(put.status, StatusCode::ACCEPTED, "{}", put.body);
        let request = put.json();
        assert_eq!((&request["wish"]["cluster"]["nodes"], &request["row"]["kind"]), (&json!(2), &json!("create")));
        assert_eq!(request["wish"]["tags"], json!({"cost-centre": "4711", "owner": "payments"}));
        assert_eq!(request["row"]["reason"], "For the load test");
        let address = put.header("location").to_owned();
        assert_eq!(program.get(&address).await.json()["row"]["id"], request["row"]["id"]);

        for document in [DOCUMENT.to_owned(), DOCUMENT.replace("load test", "other test")] {
            let again = program.put("/environments/in-git", YAML, &document).await;
            assert_eq!((again.status, again.header("location")), (StatusCode::ACCEPTED, address.as_str()));
        }
        let json = json!({"name": "in-git", "team": "payments", "region": "westeurope",
            "template": "web-app-one-node", "nodes": 2});
        let again = program.put("/environments/in-git", "application/json", &json.to_string()).await;
        assert_eq!(
            (again.status, again.header("location")),
            (StatusCode::ACCEPTED, address.as_str()),
            "{}",
            again.body
        );
        assert_eq!(requests(&portal).await, 1);
        let other = program.put("/environments/in-git", YAML, &DOCUMENT.replace("nodes: 2", "nodes: 3")).await;
        assert_eq!(other.status, StatusCode::CONFLICT, "{}", other.body);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_cannot_be_a_wish_says_why() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let program = Program::of(&portal, &portal.member().await).await;
    let cases = [
        (YAML, "team: payments\nnods: 3\n", 422, "nods"),
        (YAML, "team: payments\nnodes: three\n", 422, "a whole number is wanted at line 2"),
        (YAML, "team: [payments\n", 422, "cannot be read"),
        (YAML, "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", 422, "cannot be read"),
        (YAML, "name: another\n", 422, "address"),
        (YAML, "team: payments\nregion: westeurope\ntemplate: web-app-one-node\nnodes: 11\n", 422, "1 to 10"),
        (YAML, "team: payments\nregion: moon\ntemplate: web-app-one-node\n", 422, "regions"),
        ("application/json", "{\"nodes\": \"3\"}", 422, "nodes"),
        ("application/json", "{", 400, ""),
        ("text/plain", "team: payments\n", 415, ""),
    ];
    for (kind, body, status, said) in cases {
        let seen = program.put("/environments/wrong", kind, body).await;
        assert_eq!(seen.status.as_u16(), status, "{kind} {body}: {}", seen.body);
        assert_eq!(seen.header("content-type"), "application/problem+json");
        assert!(seen.body.contains(said), "{body}: {}", seen.body);
    }
    let secret = "team: payments\ndb_password: own-secret-41c7\nnodes: many\n";
    let seen = program.put("/environments/wrong", YAML, secret).await;
    assert!(seen.status == 422 && !seen.body.contains("own-secret"), "{}", seen.body);
    assert_eq!(requests(&portal).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_team_learns_nothing_and_an_auditor_changes_nothing() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let program = Program::of(&portal, &portal.member().await).await;
        assert_eq!(program.put("/environments/theirs", YAML, DOCUMENT).await.status, StatusCode::ACCEPTED);
        let other = portal.caller("other", Role::Member, Some("catalogue")).await;
        let other = Program::of(&portal, &other).await;
        assert_eq!(other.put("/environments/theirs", YAML, DOCUMENT).await.status, StatusCode::NOT_FOUND);
        assert_eq!(other.get("/environments/theirs/document").await.status, StatusCode::NOT_FOUND);
        let auditor = portal.caller("auditor", Role::Auditor, None).await;
        let auditor = Program::of(&portal, &auditor).await;
        assert_eq!(auditor.put("/environments/theirs", YAML, DOCUMENT).await.status, StatusCode::FORBIDDEN);
        assert_eq!(auditor.get("/environments/theirs/document").await.status, StatusCode::OK);
    })
    .await;
}

/// Over a real environment; what it is made of belongs to no database.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_read_changes_nothing_when_it_is_put_and_an_edit_is_a_change() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    portal.built(&member, &manager, small("round-trip")).await;
    let program = Program::of(&portal, &member).await;
    let address = "/environments/round-trip";
    let read = program.get("/environments/round-trip/document").await;
    assert_eq!((read.status, read.header("content-type")), (StatusCode::OK, YAML));
    let document = read.body;
    assert!(document.starts_with("# yaml-language-server: $schema=http://127.0.0.1:4170/api/schemas/wish.json\n"));
    let same = program.put(address, YAML, &document).await;
    assert_eq!(same.status, StatusCode::OK, "{document}\n{}", same.body);
    assert_eq!(same.json()["row"]["name"], "round-trip");
    let json =
        program.ask("GET", "/environments/round-trip/document", &[("accept", "application/json")], String::new());
    let json = json.await;
    assert_eq!(json.header("content-type"), "application/json");
    assert_eq!(fits(&schema_of_the_document(), &json.json()), Vec::<String>::new());
    assert_eq!(program.put(address, "application/json", &json.body).await.status, StatusCode::OK);
    assert_eq!(program.put(address, "application/json", "{}").await.status, StatusCode::OK, "what is left out stays");
    assert_eq!(requests(&portal).await, 1, "only the one that made it");

    assert!(document.contains("nodes: 1\n"), "{document}");
    let edited = document.replace("nodes: 1\n", "nodes: 2\n");
    let put = program.put(address, YAML, &edited).await;
    assert_eq!(put.status, StatusCode::ACCEPTED, "{}", put.body);
    assert_eq!((&put.json()["row"]["kind"], requests(&portal).await), (&json!("change"), 2));
    let again = program.put(address, YAML, &edited).await;
    assert_eq!((again.status, again.header("location")), (StatusCode::ACCEPTED, put.header("location")));
    assert_eq!(program.put(address, YAML, &document).await.status, StatusCode::OK, "it stands as it did");
    let third = program.put(address, YAML, &document.replace("nodes: 1\n", "nodes: 3\n")).await;
    assert_eq!(third.status, StatusCode::CONFLICT, "{}", third.body);
    let fixed = program.put(address, "application/json", "{\"region\": \"northeurope\"}").await;
    assert_eq!((fixed.status.as_u16(), fixed.json()["errors"][0]["field"].as_str()), (422, Some("region")));

    portal.carried_out(&manager, &RequestId::new(put.json()["row"]["id"].as_str().unwrap())).await;
    let program = Program::of(&portal, &member).await;
    assert_eq!(program.put(address, YAML, &edited).await.status, StatusCode::OK);
    let now = program.get("/environments/round-trip/document").await.body;
    assert_eq!(now, edited, "a document is written the same each time");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_put_the_same_at_once_send_one_request() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let program = Program::of(&portal, &portal.member().await).await;
        let put = futures::future::join_all((0..6).map(|_| program.put("/environments/at-once", YAML, DOCUMENT))).await;
        let said: Vec<_> = put.iter().map(|put| (put.status, put.body.clone())).collect();
        assert!(put.iter().all(|put| put.status == StatusCode::ACCEPTED), "{said:?}");
        assert!(put.iter().all(|one| one.header("location") == put[0].header("location")));
        assert_eq!(requests(&portal).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn editors_read_the_schema_without_a_token() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let seen = Browser::on(&portal.router).get(SCHEMA).await;
    assert_eq!((seen.status, seen.header("content-type")), (StatusCode::OK, "application/schema+json"));
    let schema: Value = serde_json::from_str(&seen.body).unwrap();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert!(!seen.body.contains("\"$ref\""), "it stands alone: {schema:#}");
    for (field, said) in schema["properties"].as_object().unwrap() {
        assert!(said["description"].as_str().is_some_and(|text| text.len() > 10), "{field} says nothing: {said}");
    }
    insta::assert_snapshot!("the_schema_of_the_document", format!("{schema:#}"));

    let good: Value =
        serde_saphyr::from_str(&DOCUMENT.replace("4711", "\"4711\"").replace("1.36 ", "\"1.36\"")).unwrap();
    assert_eq!(fits(&schema, &good), Vec::<String>::new());
    let wrong = json!({"team": "payments", "region": "westeurope", "nodes": 11, "tier": "gold", "nods": 3,
        "purge_protection": "yes", "name": "No--", "tags": {"a": 1}});
    let told = fits(&schema, &wrong).join("\n");
    for field in ["/nodes", "/tier", "/nods", "/purge_protection", "/name", "/tags/a", "template"] {
        assert!(told.contains(field), "{field} passes: {told}");
    }
}

/// What of a document does not fit a schema, by the words that this schema uses; another word is a failure of the test.
fn fits(schema: &Value, value: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    judge(schema, value, "", &mut wrong);
    wrong
}

fn judge(schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    for (word, said) in schema.as_object().unwrap() {
        let number = || said.as_i64().unwrap();
        let length = value.as_str().map(|text| i64::try_from(text.chars().count()).unwrap());
        let ok = match word.as_str() {
            "$schema" | "title" | "description" | "examples" | "format" | "writeOnly" | "propertyNames" => true,
            "type" => match said {
                Value::String(kind) => is(kind, value),
                kinds => kinds.as_array().unwrap().iter().any(|kind| is(kind.as_str().unwrap(), value)),
            },
            "enum" => said.as_array().unwrap().contains(value),
            "minimum" => value.as_i64().is_none_or(|value| value >= number()),
            "maximum" => value.as_i64().is_none_or(|value| value <= number()),
            "minLength" => length.is_none_or(|length| length >= number()),
            "maxLength" => length.is_none_or(|length| length <= number()),
            "pattern" => value.as_str().is_none_or(|text| matches(said.as_str().unwrap(), text)),
            "oneOf" => {
                let passes = |one: &&Value| fits(one, value).is_empty();
                said.as_array().unwrap().iter().filter(passes).count() == 1
            }
            "required" => {
                let missing =
                    said.as_array().unwrap().iter().filter(|name| value.get(name.as_str().unwrap()).is_none());
                missing.map(|name| wrong.push(format!("{at} lacks {name}"))).count();
                true
            }
            "properties" => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    if let Some(schema) = said.get(name) {
                        judge(schema, value, &format!("{at}/{name}"), wrong);
                    }
                }
                true
            }
            "additionalProperties" => {
                let known = |name: &str| schema["properties"].get(name).is_some();
                for (name, value) in value.as_object().into_iter().flatten().filter(|(name, _)| !known(name)) {
                    match said {
                        Value::Bool(true) => {}
                        Value::Bool(false) => wrong.push(format!("{at}/{name} is not known")),
                        schema => judge(schema, value, &format!("{at}/{name}"), wrong),
                    }
                }
                true
            }
            other => panic!("this test does not know {other}"),
        };
        if !ok {
            wrong.push(format!("{at}: {word}"));
        }
    }
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64(),
        "object" => value.is_object(),
        other => panic!("this test does not know {other}"),
    }
}

/// The patterns that the schema has.
fn matches(pattern: &str, text: &str) -> bool {
    let letters = |text: &str, some: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || some.contains(c));
    let hyphens = |text: &str| !text.contains("--") && !text.ends_with('-') && letters(text, "-");
    match pattern {
        "^[a-z](-?[a-z0-9])*$" => {
            text.starts_with(|c: char| c.is_ascii_lowercase()) && hyphens(text) && text == text.to_lowercase()
        }
        "^[A-Za-z](-?[A-Za-z0-9])*$" => text.starts_with(|c: char| c.is_ascii_alphabetic()) && hyphens(text),
        r"^\d{1,3}\.\d{1,3}(\.\d{1,3})?$" => domain::name::KubernetesVersion::parse(text).is_ok(),
        "^Standard_[A-Za-z0-9_-]+$" => text.starts_with("Standard_") && letters(text, "_-"),
        "^[A-Za-z0-9./:_@-]+$" => !text.is_empty() && letters(text, "./:_@-"),
        other => panic!("this test does not know {other}"),
    }
}
