//! The REST API: its endpoints over a token, and problem documents for everything that is refused.

use crate::support::bed::{Bed, both};
use crate::support::browser::{Browser, Seen};
use crate::support::portal::Portal;
use crate::support::routes;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use domain::problem::Problem;
use keystead::service::accounts::make_token;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

async fn call(portal: &Portal, method: Method, path: &str, token: &str, body: Option<Value>) -> Seen {
    let mut request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
    request = request.header("if-match", "*");
    if body.is_some() {
        request = request.header("content-type", "application/json");
    }
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    Browser::on(&portal.router).send(request.body(body).unwrap()).await
}

async fn token(portal: &Portal, name: &str, hours: i64) -> String {
    let until = portal.now().plus(hours * 3_600_000);
    let made = make_token(&portal.store, name, portal.now(), until).await.unwrap().unwrap();
    made.expose_secret().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_asks_approves_and_reads() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        portal.member().await;
        portal.manager().await;
        let member = token(&portal, "member@contoso.example", 1).await;
        let manager = token(&portal, "manager@contoso.example", 1).await;
        let form = json!({"name": "by-rest", "team": "payments", "region": "westeurope", "template": "load-test"});
        let sent = call(&portal, Method::POST, "/api/v1/requests", &member, Some(form)).await;
        assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.body);
        let request: Value = serde_json::from_str(&sent.body).unwrap();
        let id = request["row"]["id"].as_str().unwrap();
        let approval = format!("/api/v1/requests/{id}/approval");
        let digest = json!({"digest": request["digest"]});
        let own = call(&portal, Method::POST, &approval, &member, Some(digest.clone())).await;
        assert_eq!(own.status, StatusCode::FORBIDDEN);
        let approved = call(&portal, Method::POST, &approval, &manager, Some(digest)).await;
        assert_eq!(approved.status, StatusCode::ACCEPTED, "{}", approved.body);
        let job = approved.header("location").to_owned();
        let read = call(&portal, Method::GET, &job, &member, None).await;
        let read: Value = serde_json::from_str(&read.body).unwrap();
        assert_eq!(read["row"]["environment"], "by-rest");
        assert!(read["steps"].as_array().unwrap().len() > 10);
        let cancel = format!("{job}/cancel");
        let unsaid = call(&portal, Method::POST, &cancel, &member, Some(json!({"reason": " "}))).await;
        assert_eq!(unsaid.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", unsaid.body);
        let said = call(&portal, Method::POST, &cancel, &member, Some(json!({"reason": "wrong size"}))).await;
        let said: Value = serde_json::from_str(&said.body).unwrap();
        let word = &said["words"][0];
        assert_eq!((&word["kind"], &word["why"]), (&json!("cancel"), &json!("wrong size")), "{said}");
        let retry = call(&portal, Method::POST, &format!("{job}/retry"), &member, Some(json!({}))).await;
        assert!([202, 409].contains(&retry.status.as_u16()), "{}", retry.body);
        let taken = json!({"reason": "it hangs"});
        let taken = call(&portal, Method::POST, &format!("{job}/take-over"), &member, Some(taken)).await;
        assert_eq!(taken.status, StatusCode::FORBIDDEN, "{}", taken.body);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_ends_and_is_kept_as_a_hash_alone() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        portal.member().await;
        let text = token(&portal, "member@contoso.example", 1).await;
        assert!(text.starts_with("keystead_pat_") && text.len() == 62);
        let kept = crate::support::bed::text(&portal.store, "select hash from token").await;
        assert!(!kept.contains(&text["keystead_".len()..]));
        assert_eq!(call(&portal, Method::GET, "/api/v1/jobs/none", &text, None).await.status, StatusCode::NOT_FOUND);
        portal.clock.advance(3_600_000);
        assert_eq!(call(&portal, Method::GET, "/api/v1/jobs/none", &text, None).await.status, StatusCode::UNAUTHORIZED);
        assert!(
            make_token(&portal.store, "nobody@contoso.example", portal.now(), portal.now()).await.unwrap().is_none()
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_refused_is_a_problem_document() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    portal.member().await;
    let token = token(&portal, "member@contoso.example", 1).await;
    let cases: Vec<(Method, &str, Option<Value>, u16)> = vec![
        (Method::GET, "/api/nothing", None, 404),
        (Method::GET, "/api/v1/nothing", None, 404),
        (Method::DELETE, "/api/v1/requests", None, 405),
        (Method::GET, "/api/v1/requests?show=none", None, 400),
        (Method::GET, "/api/v1/requests/none", None, 404),
        (Method::GET, "/api/v1/environments/none", None, 404),
        (Method::POST, "/api/v1/environments/none/change", Some(json!({})), 404),
        (Method::POST, "/api/v1/requests", None, 415),
        (Method::POST, "/api/v1/requests", Some(json!([1])), 422),
        (Method::POST, "/api/v1/requests", Some(json!({"name": "No"})), 422),
        (Method::POST, "/api/v1/requests/none/approval", Some(json!({"digest": ""})), 404),
        (Method::GET, "/api/v1/jobs/none", None, 404),
    ];
    for (method, path, body, status) in cases {
        let said = format!("{method} {path}");
        let seen = call(&portal, method, path, &token, body).await;
        assert_eq!(seen.status.as_u16(), status, "{said}: {}", seen.body);
        assert_eq!(seen.header("content-type"), "application/problem+json", "{said}");
        let problem: Problem = serde_json::from_str(&seen.body).unwrap();
        assert_eq!(problem.status, status, "{said}");
        assert!(!problem.title.is_empty() && !problem.detail.is_empty() && problem.kind.starts_with("/problems/"));
    }
    let broken = Request::post("/api/v1/requests")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(Body::from("{"));
    let seen = Browser::on(&portal.router).send(broken.unwrap()).await;
    assert_eq!((seen.status, seen.header("content-type")), (StatusCode::BAD_REQUEST, "application/problem+json"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_lists_every_route() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let seen = Browser::on(&portal.router).get("/api/openapi.json").await;
    let document: Value = serde_json::from_str(&seen.body).unwrap();
    let (mut documented, mut names) = (Vec::new(), std::collections::BTreeSet::new());
    for (path, verbs) in document["paths"].as_object().unwrap() {
        for (verb, operation) in verbs.as_object().unwrap() {
            documented.push(format!("{} {path}", verb.to_uppercase()));
            assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{verb} {path} says nothing");
            let id = operation["operationId"].as_str().unwrap();
            assert!(names.insert(id.to_owned()), "two operations are named {id}");
            let open = operation["security"] == json!([{}]);
            assert!(operation["responses"].get("401").is_some() != open, "{id} answers strangers somehow");
        }
    }
    let routed = routes::all().into_iter().filter(|(_, path)| path.starts_with("/api/v1/"));
    let mut routed: Vec<String> = routed.map(|(method, path)| format!("{method} {path}")).collect();
    documented.sort();
    routed.sort();
    assert_eq!(documented, routed, "the document and the router list the same");
    for (schema, property) in
        [("Request", "digest"), ("Environment", "parts"), ("Job", "steps"), ("RequestRow", "lapses")]
    {
        let properties = &document["components"]["schemas"][schema]["properties"];
        assert!(properties[property].is_object() || properties[property].is_array(), "{schema}: {properties}");
    }
    for (verb, path, refusals) in [
        ("get", "/api/v1/jobs/{id}", vec!["401", "404"]),
        ("post", "/api/v1/requests", vec!["401", "403", "404", "409", "422"]),
        ("post", "/api/v1/jobs/{id}/cancel", vec!["401", "403", "404", "409", "422"]),
    ] {
        let answers = document["paths"][path][verb]["responses"].as_object().unwrap();
        assert!(refusals.iter().all(|status| answers.contains_key(*status)), "{path}");
        let schema = &answers["401"]["content"]["application/problem+json"]["schema"]["$ref"];
        assert_eq!(schema, "#/components/schemas/Problem", "{path}");
    }
    assert!(document["components"]["schemas"]["Problem"]["properties"]["detail"].is_object());
    assert_eq!(document["components"]["securitySchemes"]["token"]["scheme"], "bearer");
    assert_eq!(Browser::on(&portal.router).get("/api/docs/").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_says_which_request_it_is_of_and_how_many_are_left() {
    let bed = Bed::sqlite().await;
    let portal = Portal::configured(bed.store.clone(), |config| config.limits.token_a_minute = 3).await;
    portal.member().await;
    let token = token(&portal, "member@contoso.example", 1).await;
    let ask = async |id: &str| {
        let request = Request::get("/api/v1/jobs/none").header("authorization", format!("Bearer {token}"));
        Browser::on(&portal.router).send(request.header("x-request-id", id).body(Body::empty()).unwrap()).await
    };
    let first = ask("build-7.1").await;
    assert_eq!((first.header("x-request-id"), first.header("ratelimit-policy")), ("build-7.1", "\"minute\";q=3;w=60"));
    assert_eq!(first.header("ratelimit"), "\"minute\";r=2;t=20");
    for odd in ["", "a b", "<script>", &"a".repeat(129)] {
        let made = ask(odd).await;
        let id = made.header("x-request-id").to_owned();
        assert!(uuid::Uuid::parse_str(&id).is_ok(), "{odd:?} became {id}");
        portal.clock.advance(60_000);
    }
    for left in [2, 1, 0] {
        assert_eq!(ask("a").await.header("ratelimit"), format!("\"minute\";r={left};t=20"));
    }
    let refused = ask("a").await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, "20"));
    assert_eq!((refused.header("ratelimit"), refused.header("x-request-id")), ("\"minute\";r=0;t=20", "a"));
    let page = Browser::on(&portal.router).get("/sign-in").await;
    assert!(!page.header("x-request-id").is_empty(), "pages too");
}

/// One name in the document is one thing: two types of a name would take each other's place.
#[test]
fn no_two_types_of_the_document_bear_one_name() {
    fn read(folder: &std::path::Path, names: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, names);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for part in text.split("ToSchema").skip(1) {
                let (head, rest) = part.split_once("pub ").unwrap_or_default();
                let own = rest.split(|c: char| !c.is_alphanumeric() && c != '_').nth(1).unwrap_or_default();
                let renamed = head.split_once("schema(as = ").and_then(|(_, name)| name.split(')').next());
                if head.contains("derive") || head.starts_with(')') || head.starts_with(',') {
                    names.push(renamed.unwrap_or(own).to_owned());
                }
            }
        }
    }
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names = Vec::new();
    read(&root.join("../app/domain/src"), &mut names);
    read(&root.join("src/http/rest"), &mut names);
    assert!(names.len() > 50, "{names:?}");
    names.retain(|name| !name.is_empty());
    names.sort();
    let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
    assert!(twice.is_empty(), "{twice:?}");
}
