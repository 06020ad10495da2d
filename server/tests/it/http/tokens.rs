//! Tokens with scopes, teams and an end: what each lets through, how one ends, and that none becomes more than its maker.

use crate::support::bed::{Bed, both, text};
use crate::support::browser::{Browser, Seen};
use crate::support::portal::Portal;
use app::portal::{Audit, People, Requests, Tokens};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use domain::account::{Caller, Role};
use domain::permission::Action;
use domain::view::audit::Filter as Record;
use domain::view::token::New;
use serde_json::{Value, json};

const DAY: i64 = 86_400_000;

pub async fn call(portal: &Portal, method: Method, path: &str, token: &str, body: Option<Value>) -> Seen {
    let mut request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
    if body.is_some() {
        request = request.header("content-type", "application/json");
    }
    request = request.header("if-match", "*");
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    Browser::on(&portal.router).send(request.body(body).unwrap()).await
}

fn read(seen: &Seen) -> Value {
    serde_json::from_str(&seen.body).unwrap_or_else(|_| panic!("{}: {}", seen.status, seen.body))
}

/// Makes one over REST; the whole answer.
async fn made(portal: &Portal, with: &str, wanted: Value) -> Value {
    let seen = call(portal, Method::POST, "/api/v1/tokens", with, Some(wanted)).await;
    assert_eq!(seen.status, StatusCode::CREATED, "{}", seen.body);
    assert_eq!(seen.header("cache-control"), "no-store");
    read(&seen)
}

fn of<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_shown_once_kept_as_a_hash_and_refused_everywhere_once_it_is_revoked() {
    both(|bed| async move {
        let (portal, other) = (Portal::over(&bed).await, Portal::over(&bed).await);
        let member = portal.member().await;
        let whole = portal.token_of(&member).await;
        let wanted = json!({"name": "nightly build", "scopes": ["request"], "expires_days": 7});
        let token = made(&portal, &whole, wanted).await;
        let (shown, id) = (of(&token, "token"), of(&token, "id"));
        assert!(shown.starts_with("keystead_pat_") && shown.len() == 62, "{shown}");
        assert_eq!((&token["state"], &token["scopes"]), (&json!("valid"), &json!(["request"])));
        assert_eq!(token["expires_at"], portal.now().plus(3_600_000).0, "it ends with the token that made it");
        let list = call(&portal, Method::GET, "/api/v1/tokens", &whole, None).await;
        assert!(list.body.contains(id) && !list.body.contains(&shown[13..40]), "{}", list.body);
        let kept = text(&portal.store, "select hash from token where name = 'nightly build'").await;
        assert!(!kept.contains(&shown[13..40]));
        let read_by = |portal: &Portal| {
            let router = portal.router.clone();
            let token = shown.to_owned();
            async move {
                let asked = Request::get("/api/v1/environments").header("authorization", format!("Bearer {token}"));
                Browser::on(&router).send(asked.body(Body::empty()).unwrap()).await.status
            }
        };
        assert_eq!((read_by(&portal).await, read_by(&other).await), (StatusCode::OK, StatusCode::OK));
        let revoked = call(&portal, Method::DELETE, &format!("/api/v1/tokens/{id}"), &whole, None).await;
        assert_eq!((revoked.status, &read(&revoked)["state"]), (StatusCode::OK, &json!("revoked")), "{}", revoked.body);
        let gone = (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED);
        assert_eq!((read_by(&portal).await, read_by(&other).await), gone, "at once, at both");
        let row = read(&call(&portal, Method::GET, &format!("/api/v1/tokens/{id}"), &whole, None).await);
        assert_eq!(row["revoked_by"], "member@contoso.example");
        assert!(row["used_at"].is_number(), "{row}");
        // Another's is not there.
        let manager = portal.token_of(&portal.manager().await).await;
        let theirs = call(&portal, Method::DELETE, &format!("/api/v1/tokens/{id}"), &manager, None).await;
        assert_eq!(theirs.status, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_token_lets_through_is_named_where_it_lacks() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let member = portal.member().await;
        let whole = portal.token_of(&member).await;
        let open = portal.asked(&member, "open").await;
        let sees = made(&portal, &whole, json!({"name": "sees", "scopes": ["see"]})).await;
        let sees = of(&sees, "token");
        assert_eq!(call(&portal, Method::GET, &format!("/api/v1/requests/{open}"), sees, None).await.status, 200);
        let form = json!({"name": "other", "team": "payments", "region": "westeurope", "template": "load-test"});
        for (method, path, body, scope) in [
            (Method::POST, "/api/v1/requests".to_owned(), Some(form.clone()), "request"),
            (Method::POST, format!("/api/v1/requests/{open}/withdrawal"), None, "withdraw"),
            (Method::POST, format!("/api/v1/requests/{open}/comments"), Some(json!({"comment": "x"})), "comment"),
            (Method::POST, "/api/v1/tokens".to_owned(), Some(json!({"name": "more"})), "tokens"),
            (Method::GET, "/api/v1/audit".to_owned(), None, "audit"),
        ] {
            let seen = call(&portal, method, &path, sees, body).await;
            assert_eq!(seen.status, StatusCode::FORBIDDEN, "{path}: {}", seen.body);
            assert!(of(&read(&seen), "detail").contains(&format!("`{scope}`")), "{path}: {}", seen.body);
        }
        let asks = made(&portal, &whole, json!({"name": "asks", "scopes": ["request"]})).await;
        let sent = call(&portal, Method::POST, "/api/v1/requests", of(&asks, "token"), Some(form)).await;
        assert_eq!(sent.status, StatusCode::CREATED, "a request shows itself: {}", sent.body);

        // Narrowed to a team, a platform engineer's token knows of no other, and of nothing that is of none.
        let engineer = portal.caller("platform-engineer", Role::PlatformEngineer, None).await;
        let whole = portal.token_of(&engineer).await;
        let narrow = made(&portal, &whole, json!({"name": "narrow", "teams": ["catalogue"]})).await;
        let narrow = of(&narrow, "token");
        assert_eq!(call(&portal, Method::GET, &format!("/api/v1/requests/{open}"), narrow, None).await.status, 404);
        let list = call(&portal, Method::GET, "/api/v1/requests", narrow, None).await;
        assert_eq!(read(&list)["rows"], json!([]), "{}", list.body);
        assert_eq!(call(&portal, Method::GET, "/api/v1/people?show=here", narrow, None).await.status, 403);
        assert_eq!(call(&portal, Method::GET, "/api/v1/people?show=here", &whole, None).await.status, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_makes_none_that_has_more_and_all_that_it_made_end_with_it() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let manager = portal.manager().await;
        let maker = New {
            name: "maker".into(),
            scopes: vec!["tokens".into(), "request".into()],
            expires_days: Some(10),
            ..New::default()
        };
        let maker = portal.service.create_token(&manager, &maker).await.unwrap();
        let with = maker.token.as_str();
        for (wanted, field) in [
            (json!({"name": "x", "scopes": ["decide"]}), "scopes"),
            (json!({"name": "x", "scopes": ["all"]}), "scopes"),
            (json!({"name": "x", "scopes": ["none"]}), "scopes"),
            (json!({"name": "x", "teams": ["catalogue"]}), "teams"),
            (json!({"name": "x", "expires_days": 91}), "expires_days"),
            (json!({"name": "x", "expires_days": 0}), "expires_days"),
            (json!({"name": " "}), "name"),
            (json!({"name": "Not a service", "service_of": "payments"}), "name"),
        ] {
            let seen = call(&portal, Method::POST, "/api/v1/tokens", with, Some(wanted.clone())).await;
            assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY, "{wanted}: {}", seen.body);
            assert_eq!(read(&seen)["errors"][0]["field"], field, "{wanted}: {}", seen.body);
        }
        let child = made(&portal, with, json!({"name": "child", "expires_days": 90})).await;
        assert_eq!(child["scopes"], json!(["tokens", "request"]), "what is not named is its maker's");
        assert_eq!(child["expires_at"], maker.row.expires_at.0);
        let grandchild = made(&portal, of(&child, "token"), json!({"name": "grandchild"})).await;
        let service = json!({"name": "nightly", "service_of": "payments"});
        let service = made(&portal, of(&grandchild, "token"), service).await;
        let last = of(&service, "token");
        assert_eq!(call(&portal, Method::GET, "/api/v1/environments", last, None).await.status, 200);
        portal.service.revoke_token(&manager, &maker.row.id).await.unwrap();
        for token in [with, of(&child, "token"), of(&grandchild, "token"), last] {
            assert_eq!(call(&portal, Method::GET, "/api/v1/environments", token, None).await.status, 401);
        }
        // A token may always end itself.
        let only_sees = New { name: "sees".into(), scopes: vec!["see".into()], ..New::default() };
        let itself = portal.service.create_token(&manager, &only_sees).await.unwrap();
        let path = format!("/api/v1/tokens/{}", itself.row.id);
        let ended = call(&portal, Method::DELETE, &path, &itself.token, None).await;
        assert_eq!((ended.status, &read(&ended)["state"]), (StatusCode::OK, &json!("revoked")), "{}", ended.body);
        assert_eq!(call(&portal, Method::GET, &path, &itself.token, None).await.status, 401);
    })
    .await;
}

/// A service's token, which a manager makes.
async fn service(portal: &Portal, manager: &Caller, name: &str) -> String {
    let new = New { name: name.into(), service_of: Some("payments".into()), ..New::default() };
    portal.service.create_token(manager, &new).await.unwrap().token
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_asks_under_its_own_name_never_approves_and_outlives_who_made_it() {
    both(|bed| async move {
        let named = "service:payments/release".to_owned();
        let portal = Portal::configured(bed.store.clone(), |config| config.tokens.may_approve = vec![named]).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let engineer = portal.caller("platform-engineer", Role::PlatformEngineer, None).await;
        let auditor = portal.caller("auditor", Role::Auditor, None).await;
        let nightly = service(&portal, &manager, "nightly").await;
        assert!(nightly.starts_with("keystead_svc_"));
        let form = json!({"name": "by-service", "team": "payments", "region": "westeurope", "template": "load-test"});
        let sent = call(&portal, Method::POST, "/api/v1/requests", &nightly, Some(form)).await;
        assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.body);
        assert!(sent.body.contains("service:payments/nightly"), "{}", sent.body);
        let sent_by = Record { action: "request-sent".into(), ..Record::default() };
        let row = portal.service.audit(&auditor, &sent_by).await.unwrap().rows.remove(0);
        assert_eq!(row.person, "service:payments/nightly");
        assert!(row.detail.contains(&("token".to_owned(), "nightly".to_owned())), "{:?}", row.detail);

        let theirs = portal.asked(&member, "of-a-person").await;
        let whole = portal.service.request(&manager, &theirs).await.unwrap();
        let approval = format!("/api/v1/requests/{theirs}/approval");
        let digest = json!({"digest": whole.digest});
        let refused = call(&portal, Method::POST, &approval, &nightly, Some(digest.clone())).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
        assert!(refused.body.contains("may_approve"), "{}", refused.body);
        // It is nobody who could stand between a manager and a platform engineer.
        let own = portal.asked(&manager, "of-the-manager").await;
        let of_the_manager = portal.service.request(&engineer, &own).await.unwrap();
        assert!(of_the_manager.decide.allowed, "{:?}", of_the_manager.decide);

        // Whoever made it leaves, and it goes on; the people of the directory are no programs.
        portal.service.mark_left(&engineer, &manager.account.id).await.unwrap();
        let people = portal.service.people(&engineer, &domain::view::people::Filter::default()).await.unwrap();
        assert!(people.rows.iter().all(|row| !row.name.starts_with("service:")), "{people:?}");
        assert_eq!(call(&portal, Method::GET, "/api/v1/environments", &nightly, None).await.status, 200);
        let second = portal.caller("second-manager", Role::Manager, Some("payments")).await;
        let release = service(&portal, &second, "release").await;
        let approved = call(&portal, Method::POST, &approval, &release, Some(digest)).await;
        assert_eq!(approved.status, StatusCode::ACCEPTED, "the one that is named: {}", approved.body);
        let rows = portal.service.tokens(&second, &domain::view::token::Filter::default()).await.unwrap().rows;
        let found = rows.iter().find(|row| row.name == "nightly").unwrap();
        portal.service.revoke_token(&second, &found.id).await.unwrap();
        assert_eq!(call(&portal, Method::GET, "/api/v1/environments", &nightly, None).await.status, 401);
        // Nor does a member see or make one.
        let new = New { name: "x".into(), service_of: Some("payments".into()), ..New::default() };
        let refused = portal.service.create_token(&member, &new).await.err().unwrap();
        assert_eq!(refused.message, "A manager of the team looks after its service tokens.");
        assert!(portal.service.token(&member, &found.id).await.is_err());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_makes_one_on_the_page_sees_it_once_and_revokes_it() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let manager = portal.manager().await;
        let mut browser = portal.browser_of(&manager).await;
        let empty = browser.get("/tokens").await.body;
        assert!(empty.contains("No tokens yet") && empty.contains("A service of team Payments"), "{empty}");
        let fields =
            [("name", "ci"), ("service_of", ""), ("scopes", "some"), ("scope", "request"), ("expires_days", "30")];
        let shown = browser.post("/tokens", &fields).await;
        assert_eq!((shown.status, shown.header("cache-control")), (StatusCode::OK, "no-store"), "{}", shown.body);
        let token = shown.body.split("keystead_pat_").nth(1).unwrap().get(..49).unwrap().to_owned();
        let token = format!("keystead_pat_{token}");
        let again = browser.get("/tokens").await.body;
        assert!(!again.contains(&token) && again.contains("Ask for environments"), "shown once: {again}");
        let list = call(&portal, Method::GET, "/api/v1/tokens", &token, None).await;
        assert_eq!(read(&list)["rows"][0]["scopes"], json!(["see", "request"]), "{}", list.body);
        let wrong = browser.post("/tokens", &[("name", "x"), ("expires_days", "many"), ("scope", "audit")]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(wrong.body.contains("1 to 90") && wrong.body.contains("value=\"audit\" checked"), "{}", wrong.body);
        let id = again.split("/tokens/").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let asked = browser.get(&format!("/tokens/{id}")).await.body;
        assert!(asked.contains("Revoke ci") && asked.contains("Keep it"), "{asked}");
        let revoked = browser.post(&format!("/tokens/{id}/revoke"), &[]).await;
        let page = browser.get(revoked.leads_to()).await.body;
        assert!(page.contains("Revoked, here and on every other server."), "{page}");
        assert_eq!(call(&portal, Method::GET, "/api/v1/tokens", &token, None).await.status, 401);
    })
    .await;
}

/// One that an older server made, and one that it could be shown: it finds no token whose scopes it would not look at.
#[tokio::test(flavor = "multi_thread")]
async fn older_tokens_go_on_working_and_older_servers_find_no_newer_ones() {
    both(|bed| async move {
        use sha2::{Digest, Sha256};
        let portal = Portal::over(&bed).await;
        let member = portal.member().await;
        let older = format!("keystead_{}", "5a".repeat(32));
        let plain = |token: &str| hex::encode(Sha256::digest(token.as_bytes()));
        let (now, end) = (portal.now().0, portal.now().plus(400 * DAY).0);
        let insert = format!(
            "insert into token (hash, account, created_at, expires_at) values ('{}', '{}', {now}, {end})",
            plain(&older),
            member.account.id.0
        );
        crate::support::bed::sql(&portal.store, insert.leak(), &[]).await;
        assert_eq!(call(&portal, Method::GET, "/api/v1/environments", &older, None).await.status, 200);
        let rows = read(&call(&portal, Method::GET, "/api/v1/tokens", &older, None).await)["rows"].clone();
        let id = of(&rows[0], "id").to_owned();
        assert_eq!(id, plain(&older)[..16], "{rows}");
        let new = portal.token_of(&member).await;
        let count = format!("select count(*) from token where hash = '{}'", plain(&new));
        assert_eq!(crate::support::bed::number(&portal.store, count.leak()).await, 0);
        portal.service.revoke_token(&member, &id).await.unwrap();
        assert_eq!(call(&portal, Method::GET, "/api/v1/environments", &older, None).await.status, 401);
        let alive = format!("select count(*) from token where hash = '{}' and expires_at > {now}", plain(&older));
        assert_eq!(crate::support::bed::number(&portal.store, alive.leak()).await, 0, "for an older server too");
    })
    .await;
}

/// Every action of somebody who may do it, with a token that has every scope but that one.
#[tokio::test(flavor = "multi_thread")]
async fn no_action_passes_without_its_scope() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let stage = super::table::stage(&portal).await;
    let mut roles = vec![portal.member().await, portal.manager().await];
    roles.push(portal.caller("platform-engineer", Role::PlatformEngineer, Some("payments")).await);
    let mut met = 0;
    for action in Action::ALL.into_iter().filter(|action| *action != Action::See) {
        let others: Vec<String> =
            Action::ALL.iter().filter(|one| **one != action).map(|one| one.key().into()).collect();
        for caller in &roles {
            let new = New { name: format!("all but {}", action.key()), scopes: others.clone(), ..New::default() };
            let token = portal.service.create_token(caller, &new).await.unwrap();
            let asked = super::table::over_rest(action, &stage);
            for asked in asked.into_iter().filter(|asked| super::table::may_do(caller, action, &asked.1, &stage)) {
                let seen = super::table::call(&portal, &asked, Some(&token.token)).await;
                let said = format!("{} {asked:?}: {} {}", caller.account.name, seen.status, seen.body);
                assert_eq!(seen.status, StatusCode::FORBIDDEN, "{said}");
                assert!(seen.body.contains(&format!("`{}`", action.key())), "{said}");
                met += 1;
            }
        }
    }
    assert!(met > 40, "{met}");
}
