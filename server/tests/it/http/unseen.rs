//! Somebody of another team asks for what is there and for what is not: pages, posts and programs answer both alike.

use crate::support::bed::Bed;
use crate::support::browser::{Browser, Seen};
use crate::support::portal::Portal;
use axum::body::Body;
use axum::http::Request;
use domain::account::Role;
use domain::request::Decision;
use keystead::service::accounts::make_token;
use secrecy::ExposeSecret;

use app::portal::Requests;

/// Status and words, without what was asked for and what is another one each time.
fn told(seen: &Seen, asked: &str) -> (u16, String, String) {
    let body = seen.body.split("<main").nth(1).map_or(seen.body.as_str(), |main| main.split("</main>").next().unwrap());
    let place = seen.header("location").replace(asked, "IT");
    (seen.status.as_u16(), place, body.replace(asked, "IT"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_and_not_for_them_is_as_what_is_not_there() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    let other = portal.caller("second-member", Role::Member, Some("catalogue")).await;
    let request = portal.asked(&member, "hidden-one").await;
    let digest = portal.service.request(&manager, &request).await.unwrap().digest;
    let job =
        portal.service.decide(&manager, &request, Decision::Approve, "", &digest, None).await.unwrap().job.unwrap();
    let until = portal.now().plus(3_600_000);
    let token = make_token(&portal.store, &other.account.name, portal.now(), until).await.unwrap().unwrap();
    let mut browser = Browser::on(&portal.router);
    browser.sign_in("second-member@contoso.example", "/").await;

    // Each with its place for the name or the id.
    let (pages, posts, programs) = (
        [
            ("environments", "/environments/IT"),
            ("environments", "/environments/IT/change"),
            ("environments", "/environments/IT/destroy"),
            ("environments", "/environments/IT/evidence.zip"),
            ("requests", "/requests/IT"),
            ("jobs", "/jobs/IT"),
            ("jobs", "/jobs/IT/log.txt"),
            ("jobs", "/jobs/IT/events"),
        ],
        [
            ("environments", "/environments/IT/validate"),
            ("environments", "/environments/IT/look"),
            ("environments", "/environments/IT/release"),
            ("requests", "/requests/IT/decision"),
            ("requests", "/requests/IT/withdraw"),
            ("requests", "/requests/IT/comment"),
            ("jobs", "/jobs/IT/cancel"),
            ("jobs", "/jobs/IT/retry"),
            ("jobs", "/jobs/IT/roll-back"),
            ("jobs", "/jobs/IT/take-over"),
        ],
        [
            ("jobs", "GET /api/v1/jobs/IT"),
            ("jobs", "POST /api/v1/jobs/IT/cancel"),
            ("requests", "POST /api/v1/requests/IT/approval"),
        ],
    );
    let names = |kind: &str| match kind {
        "environments" => ["hidden-one".to_owned(), "nobody-one".to_owned()],
        "requests" => [request.as_str().to_owned(), uuid::Uuid::now_v7().to_string()],
        _ => [job.as_str().to_owned(), uuid::Uuid::now_v7().to_string()],
    };
    for (kind, path) in pages {
        let [there, absent] = names(kind);
        let seen = told(&browser.get(&path.replace("IT", &there)).await, &there);
        assert_eq!(seen, told(&browser.get(&path.replace("IT", &absent)).await, &absent), "{path}");
        assert!(seen.0 >= 300 && !seen.2.contains("hidden-one"), "{path}: {seen:?}");
    }
    let fields =
        [("decision", "approve"), ("digest", digest.as_str()), ("comment", "a"), ("reason", "a"), ("level", "0")];
    for (kind, path) in posts {
        let [there, absent] = names(kind);
        let seen = told(&browser.post(&path.replace("IT", &there), &fields).await, &there);
        assert_eq!(seen, told(&browser.post(&path.replace("IT", &absent), &fields).await, &absent), "{path}");
    }
    for (kind, line) in programs {
        let (method, path) = line.split_once(' ').unwrap();
        let [there, absent] = names(kind);
        let ask = async |name: &str| {
            let body = match kind {
                "jobs" => "{\"reason\":\"a\"}".to_owned(),
                _ => format!("{{\"digest\":\"{digest}\",\"comment\":\"a\"}}"),
            };
            let request = Request::builder().method(method).uri(path.replace("IT", name));
            let request = request.header("authorization", format!("Bearer {}", token.expose_secret()));
            let request = request.header("if-match", "*");
            let request = request.header("content-type", "application/json").body(Body::from(body)).unwrap();
            told(&Browser::on(&portal.router).send(request).await, name)
        };
        let seen = ask(&there).await;
        assert_eq!(seen, ask(&absent).await, "{line}");
        assert_eq!(seen.0, 404, "{line}: {seen:?}");
    }
}
