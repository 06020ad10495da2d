//! Every role, and nobody, meets every action over both skins, REST and plain posts; the answers are those of the one table.
//!
//! How an action is asked over a skin stands in [`over_rest`] and [`over_pages`]: an action without an arm there does not
//! compile.

use crate::support::bed::both;
use crate::support::browser::{Browser, Seen};
use crate::support::portal::Portal;
use app::portal::Requests;
use axum::body::Body;
use axum::http::Request;
use domain::account::{Caller, Role};
use domain::name::TeamName;
use domain::permission::{Action, Answer, Subject, may};
use domain::problem::Problem;
use domain::request::Decision;
use serde_json::{Value, json};

/// What is asked about: a request that waits, and an environment whose job has begun.
struct Stage {
    open: String,
    job: String,
    /// No two ask for the same name.
    free: String,
}

/// Somebody who may have left.
const LEAVER: &str = "t/leaver";

/// A question of a program: method, path under `/api/v1`, body.
type Call = (&'static str, String, Option<Value>);

fn over_rest(action: Action, on: &Stage) -> Vec<Call> {
    let request = |rest: &str| format!("/requests/{}{rest}", on.open);
    let job = |rest: &str| format!("/jobs/{}{rest}", on.job);
    let built = |rest: &str| format!("/environments/built{rest}");
    let why = || Some(json!({"reason": "a test"}));
    match action {
        Action::See => vec![
            ("GET", request(""), None),
            ("GET", built(""), None),
            ("GET", job(""), None),
            ("GET", built("/document"), None),
            ("GET", built("/secrets"), None),
            ("GET", built("/validations"), None),
        ],
        Action::Request => {
            let form =
                json!({"name": on.free, "team": "payments", "region": "westeurope", "template": "web-app-one-node"});
            let mut document = form.clone();
            document["name"] = json!(format!("{}d", on.free));
            let put = format!("/environments/{}d", on.free);
            vec![
                ("POST", "/plans".to_owned(), Some(form.clone())),
                ("POST", "/requests".to_owned(), Some(form)),
                ("PUT", put, Some(document)),
            ]
        }
        Action::Change => vec![
            ("POST", built("/change"), Some(json!({"nodes": "2"}))),
            ("POST", built("/repair"), None),
            ("PUT", "/environments/open".to_owned(), Some(json!({"nodes": 2}))),
        ],
        Action::Destroy => vec![
            ("GET", built("/destruction?purge=false"), None),
            ("POST", built("/destruction"), Some(json!({"digest": ""}))),
        ],
        Action::Release => vec![
            ("GET", built("/release"), None),
            ("POST", built("/release"), Some(json!({"digest": "", "reason": "a test"}))),
        ],
        Action::Withdraw => vec![("POST", request("/withdrawal"), None)],
        // Without a digest and without a comment nothing is decided, so that the next in line finds it open.
        Action::Decide => vec![
            ("POST", request("/approval"), Some(json!({"digest": ""}))),
            ("POST", request("/rejection"), Some(json!({"comment": ""}))),
            ("POST", request("/changes"), Some(json!({"comment": ""}))),
        ],
        Action::Comment => vec![("POST", request("/comments"), Some(json!({"comment": "a test"})))],
        Action::Cancel => vec![("POST", job("/cancel"), why())],
        Action::Retry => vec![
            ("POST", job("/retry"), Some(json!({}))),
            ("POST", job("/vault-name"), Some(json!({"vault_name": "kv-other"}))),
            ("POST", job("/plan"), None),
        ],
        Action::RollBack => vec![("POST", job("/roll-back"), why())],
        Action::TakeOver => vec![("POST", job("/take-over"), why())],
        Action::Validate => vec![("POST", built("/validation"), None), ("POST", built("/looks"), None)],
        Action::Audit => vec![("GET", built("/evidence"), None)],
        Action::People => vec![("GET", "/people?show=here".to_owned(), None)],
        Action::MarkLeft => ["departures", "returns"]
            .map(|what| ("POST", format!("/people/{what}"), Some(json!({"account": LEAVER}))))
            .into(),
        Action::TakeOn => vec![("POST", built("/ownership"), None)],
        // No text is no policy, and what is not there is switched by nobody, so that the next in line finds the same.
        Action::Govern => vec![
            ("POST", "/policies".to_owned(), Some(json!({"text": ""}))),
            ("POST", "/policies/none/versions".to_owned(), Some(json!({"text": "", "base": 1}))),
        ],
    }
}

/// What a page does: a plain post with its fields, or a page that is opened (`None`).
type Post = (String, Option<Vec<(&'static str, String)>>);

fn over_pages(action: Action, on: &Stage) -> Vec<Post> {
    let request = |rest: &str| format!("/requests/{}{rest}", on.open);
    let job = |rest: &str| format!("/jobs/{}{rest}", on.job);
    let built = |rest: &str| format!("/environments/built{rest}");
    let why = || Some(vec![("reason", "a test".to_owned())]);
    let said =
        |fields: &[(&'static str, &str)]| Some(fields.iter().map(|(name, text)| (*name, (*text).into())).collect());
    match action {
        Action::See => vec![(request(""), None), (built(""), None), (job(""), None)],
        Action::Request => {
            let answers = [("team", "payments"), ("region", "westeurope"), ("template", "web-app-one-node")];
            let mut fields: Vec<(&str, String)> = answers.map(|(name, text)| (name, text.to_owned())).into();
            fields.push(("name", format!("{}p", on.free)));
            vec![("/environments/new".to_owned(), Some(fields))]
        }
        Action::Change => vec![(built("/change"), said(&[("nodes", "2")])), (built("/repair"), said(&[]))],
        Action::Destroy => vec![(built("/destroy"), said(&[("digest", "")]))],
        Action::Release => vec![(built("/release"), said(&[("digest", ""), ("reason", "a test")]))],
        Action::Withdraw => vec![(request("/withdraw"), said(&[]))],
        Action::Decide => ["approve", "reject", "changes"]
            .map(|decision| (request("/decision"), said(&[("decision", decision), ("comment", ""), ("digest", "")])))
            .into(),
        Action::Comment => vec![(request("/comment"), said(&[("comment", "a test")]))],
        Action::Cancel => vec![(job("/cancel"), why())],
        Action::Retry => vec![
            (job("/retry"), said(&[])),
            (job("/vault-name"), said(&[("vault_name", "kv-other")])),
            (job("/plan"), said(&[])),
        ],
        Action::RollBack => vec![(job("/roll-back"), why())],
        Action::TakeOver => vec![(job("/take-over"), why())],
        Action::Validate => vec![(built("/validate"), said(&[])), (built("/look"), said(&[]))],
        Action::Audit => vec![(built("/evidence.zip"), None)],
        Action::People => vec![("/people".to_owned(), None)],
        Action::MarkLeft => vec![
            (format!("/people/leaving?account={LEAVER}"), None),
            ("/people/leave".to_owned(), said(&[("account", LEAVER)])),
            ("/people/return".to_owned(), said(&[("account", LEAVER)])),
        ],
        Action::TakeOn => vec![(built("/take-over"), said(&[]))],
        Action::Govern => vec![("/policies/new".to_owned(), said(&[("base", "0"), ("text", "")]))],
    }
}

/// Each role, of the team and of another, and at last the one who asked.
async fn everybody(portal: &Portal, member: &Caller) -> Vec<Caller> {
    let mut all = Vec::new();
    for role in Role::ALL {
        for team in ["payments", "catalogue"] {
            let name = format!("{}-of-{team}", role.word().replace(' ', "-"));
            all.push(portal.caller(&name, role, Some(team)).await);
        }
    }
    all.push(member.clone());
    all
}

/// The table's answer. Asking is of the caller's own teams: another team is no answer of the form, whoever it is.
fn expected(caller: &Caller, action: Action, requester: &Caller) -> Answer {
    let team = TeamName::parse("payments").unwrap();
    let of_request = matches!(action, Action::Withdraw | Action::Decide | Action::Comment | Action::See);
    let requester = of_request.then_some(&requester.account.id);
    may(caller, action, &Subject { other_manager: true, ..Subject::of(&team, requester) })
}

async fn call(portal: &Portal, (method, path, body): &Call, token: Option<&str>) -> Seen {
    let mut request = Request::builder().method(*method).uri(format!("/api/v1{path}"));
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    if body.is_some() {
        request = request.header("content-type", "application/json");
    }
    let body = body.as_ref().map_or_else(Body::empty, |body| Body::from(body.to_string()));
    Browser::on(&portal.router).send(request.body(body).unwrap()).await
}

fn rest_agrees(action: Action, answer: Answer, seen: &Seen) -> bool {
    let status = seen.status.as_u16();
    let told = || serde_json::from_str::<Problem>(&seen.body).unwrap();
    match answer {
        // What is allowed may still come too late, or want another answer.
        Answer::Allowed => matches!(status, 200..=204 | 409 | 422),
        Answer::Refused(reason) => status == 403 && told().detail == reason,
        Answer::Hidden if action == Action::Request => matches!(status, 403 | 422),
        Answer::Hidden => status == 404 && !seen.body.contains("payments"),
    }
}

async fn go(browser: &mut Browser, (path, fields): &Post) -> Seen {
    match fields {
        None => browser.get(path).await,
        Some(fields) => {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(name, text)| (*name, text.as_str())).collect();
            browser.post(path, &fields).await
        }
    }
}

/// A page that is opened answers by its status; a post leads on, and the next page says why it was refused.
async fn pages_agree(browser: &mut Browser, action: Action, answer: Answer, seen: &Seen) -> bool {
    if !seen.status.is_redirection() {
        return match answer {
            Answer::Allowed => matches!(seen.status.as_u16(), 200 | 422),
            Answer::Refused(reason) => seen.status == 403 && seen.body.contains(reason),
            Answer::Hidden => seen.status == 404 && !seen.body.contains("payments"),
        };
    }
    let said = percent_encoding::percent_decode_str(seen.header("set-cookie")).decode_utf8_lossy().into_owned();
    let on = seen.leads_to().split('#').next().unwrap().to_owned();
    let next = browser.get(&on).await;
    match answer {
        Answer::Allowed => {
            matches!(next.status.as_u16(), 200 | 409) && !REASONS.iter().any(|reason| said.contains(reason))
        }
        Answer::Refused(reason) => said.contains(reason) && next.body.contains(reason),
        Answer::Hidden if action == Action::Request => !on.starts_with("/requests/"),
        Answer::Hidden => next.status == 404,
    }
}

/// How refusals of the table begin.
const REASONS: [&str; 7] =
    ["Platform engineers", "An auditor", "A platform engineer", "A manager", "Only ", "Nobody ", "The team’s managers"];

#[tokio::test(flavor = "multi_thread")]
async fn every_role_meets_every_action_over_both_skins() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let people = everybody(&portal, &member).await;
        portal.caller("leaver", Role::Member, Some("payments")).await;
        let open = portal.asked(&member, "open").await;
        let built = portal.asked(&member, "built").await;
        let digest = portal.service.request(&manager, &built).await.unwrap().digest;
        let job =
            portal.service.decide(&manager, &built, Decision::Approve, "", &digest, None).await.unwrap().job.unwrap();
        for caller in &people {
            for (list, name) in [("/requests", "open"), ("/environments", "built")] {
                let seen = call(&portal, &("GET", list.to_owned(), None), Some(&portal.token_of(caller).await)).await;
                let listed = seen.body.contains(&format!("\"{name}\""));
                let sees = expected(caller, Action::See, &member).allowed();
                assert_eq!((seen.status.as_u16(), listed), (200, sees), "{}: {list}", caller.account.name);
            }
        }
        let mut stage = Stage { open: open.to_string(), job: job.to_string(), free: String::new() };
        for (number, caller) in people.iter().enumerate() {
            let token = portal.token_of(caller).await;
            let mut browser = portal.browser_of(caller).await;
            stage.free = format!("wish-{}", char::from(b'a' + u8::try_from(number).unwrap()));
            for action in Action::ALL {
                let answer = expected(caller, action, &member);
                let said = format!("{}: {} may {action:?}? {answer:?}", bed.name, caller.account.name);
                let calls = over_rest(action, &stage);
                assert!(!calls.is_empty(), "{action:?} is missing over REST");
                for asked in calls {
                    let seen = call(&portal, &asked, Some(&token)).await;
                    assert!(rest_agrees(action, answer, &seen), "{said} {asked:?}: {} {}", seen.status, seen.body);
                }
                let posts = over_pages(action, &stage);
                assert!(!posts.is_empty(), "{action:?} is missing over the pages");
                for asked in posts {
                    let seen = go(&mut browser, &asked).await;
                    let (status, body) = (seen.status, seen.body.clone());
                    let agrees = pages_agree(&mut browser, action, answer, &seen).await;
                    let to = seen.header("location").to_owned();
                    assert!(agrees, "{said} {asked:?}: {status} {to} {}{body}", seen.header("set-cookie"));
                }
            }
        }
        for action in Action::ALL {
            for asked in over_rest(action, &stage) {
                assert_eq!(call(&portal, &asked, None).await.status.as_u16(), 401, "nobody: {asked:?}");
            }
            for asked in over_pages(action, &stage) {
                let seen = go(&mut Browser::on(&portal.router), &asked).await;
                assert!(seen.leads_to().starts_with("/sign-in?back="), "nobody: {asked:?}");
            }
        }
    })
    .await;
}
