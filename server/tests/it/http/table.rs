//! Every role, and nobody, meets every action over both skins, REST and plain posts; the answers are those of the one table.
//!
//! How an action is asked over a skin stands in [`over_rest`] and [`over_pages`]: an action without an arm there does not
//! compile.

use crate::support::bed::{Bed, both};
use crate::support::browser::{Browser, Seen};
use crate::support::portal::Portal;
use app::portal::Requests;
use axum::body::Body;
use axum::http::Request;
use domain::account::{Account, AccountId, Caller, Role};
use domain::approval::{By, Level, Policy, Rule};
use domain::name::TeamName;
use domain::naming::PASSWORD;
use domain::permission::{Action, Answer, Subject, may};
use domain::problem::Problem;
use domain::request::Decision;
use serde_json::{Value, json};

/// What is asked about: a request that waits, and an environment whose job has begun.
pub(super) struct Stage {
    open: String,
    job: String,
    /// No two ask for the same name.
    free: String,
    /// Who answers on the request that waits.
    level: By,
    /// Who asked for both.
    requester: Caller,
}

/// Both, in a portal of its own whose requests the managers decide on.
pub(super) async fn stage(portal: &Portal) -> Stage {
    let manager = portal.manager().await;
    stage_of(portal, By::Managers, &manager).await
}

async fn stage_of(portal: &Portal, level: By, decider: &Caller) -> Stage {
    let member = portal.member().await;
    portal.caller("leaver", Role::Member, Some("payments")).await;
    let open = portal.asked(&member, "open").await;
    let built = portal.asked(&member, "built").await;
    let digest = portal.service.request(decider, &built).await.unwrap().digest;
    portal.service.decide(decider, &built, Decision::Approve, "", &digest, None).await.unwrap();
    // As a member sees it: who decides for a group may not see the team's jobs.
    let job = portal.service.request(&member, &built).await.unwrap().job.unwrap();
    let (open, job) = (open.to_string(), job.to_string());
    Stage { open, job, free: "free".into(), level, requester: member }
}

/// Whether the table lets them, of the request that waits or of anything else.
pub(super) fn may_do(caller: &Caller, action: Action, path: &str, on: &Stage) -> bool {
    expected(caller, action, path, on, &on.requester).allowed()
}

/// A group of the directory that approves.
const GROUP: &str = "5ec00000-0000-4000-8000-000000000001";

/// Somebody who may have left.
const LEAVER: &str = "t/leaver";

/// A question of a program: method, path under `/api/v1`, body.
pub(super) type Call = (&'static str, String, Option<Value>);

pub(super) fn over_rest(action: Action, on: &Stage) -> Vec<Call> {
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
            ("GET", built("/access"), None),
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
        // Nothing is no value, so that the next in line finds the same.
        Action::SetSecret => vec![("PUT", built(&format!("/secrets/{PASSWORD}")), Some(json!({"value": ""})))],
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
        Action::Deliver => vec![
            ("GET", "/deliveries?limit=1".to_owned(), None),
            ("POST", "/deliveries/none/redelivery".to_owned(), None),
        ],
        // Without a name nothing is made, so that the next in line finds as many.
        Action::Tokens => vec![
            ("GET", "/tokens?team=payments".to_owned(), None),
            ("POST", "/tokens".to_owned(), Some(json!({"service_of": "payments"}))),
        ],
        Action::Webhooks => vec![
            ("GET", "/webhooks?team=payments".to_owned(), None),
            ("POST", "/webhooks".to_owned(), Some(json!({"team": "payments"}))),
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
        Action::SetSecret => vec![(built("/secrets"), said(&[("value", "")]))],
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
        Action::Deliver => vec![("/notices/none/again".to_owned(), said(&[]))],
        Action::Tokens => vec![("/tokens".to_owned(), said(&[("service_of", "payments"), ("name", "")]))],
        Action::Webhooks => vec![("/webhooks".to_owned(), said(&[("team", "payments"), ("name", "")]))],
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
    all.push(officer(portal).await);
    all
}

/// Somebody who is in the group, and nothing else here.
async fn officer(portal: &Portal) -> Caller {
    let account = Account {
        id: AccountId("t/officer".into()),
        name: "officer@contoso.example".into(),
        roles: Vec::new(),
        teams: Vec::new(),
        groups: vec![GROUP.into()],
    };
    let caller = Caller::person(account, None);
    portal.accounts.signed_in(&caller).await.unwrap();
    caller
}

/// The table's answer about what lies at a path. Asking is of the caller's own teams: another team is no answer of the
/// form, whoever it is.
fn expected(caller: &Caller, action: Action, path: &str, on: &Stage, requester: &Caller) -> Answer {
    let team = TeamName::parse("payments").unwrap();
    let of_request = path.contains(&on.open);
    let in_group = of_request && on.level.as_group().is_some_and(|group| caller.in_group(&group.id));
    let requester = of_request.then_some(&requester.account.id);
    let subject = Subject { other_manager: true, level: &on.level, in_group, ..Subject::of(&team, requester) };
    may(caller, action, &subject)
}

pub(super) async fn call(portal: &Portal, (method, path, body): &Call, token: Option<&str>) -> Seen {
    let mut request = Request::builder().method(*method).uri(format!("/api/v1{path}")).header("if-match", "*");
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
        // What is put where nothing of theirs stands is asked for anew.
        Answer::Hidden if action == Action::Change => {
            matches!(status, 403 | 404 | 422) && !seen.body.contains("payments")
        }
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
    everybody_meets_everything(By::Managers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn and_so_they_do_where_a_group_of_the_directory_is_asked() {
    everybody_meets_everything(By::group(GROUP, "Security")).await;
}

async fn everybody_meets_everything(level: By) {
    both(|bed| meets(bed, level.clone())).await;
}

async fn meets(bed: Bed, level: By) {
    let rule = Rule { levels: vec![Level { by: level.clone(), approvers: 1 }], ..Rule::default() };
    let policy = Policy { title: "Everything".into(), rule, ..Policy::default() };
    let portal = Portal::configured(bed.store.clone(), |config| config.approvals = vec![policy]).await;
    let decider = if level == By::Managers { portal.manager().await } else { officer(&portal).await };
    let mut stage = stage_of(&portal, level, &decider).await;
    let member = stage.requester.clone();
    let people = everybody(&portal, &member).await;
    for caller in &people {
        for (list, name) in [("/requests", "open"), ("/environments", "built")] {
            let seen = call(&portal, &("GET", list.to_owned(), None), Some(&portal.token_of(caller).await)).await;
            let listed = seen.body.contains(&format!("\"{name}\""));
            let sees = expected(caller, Action::See, list, &stage, &member).allowed();
            assert_eq!((seen.status.as_u16(), listed), (200, sees), "{}: {list}", caller.account.name);
        }
    }
    for (number, caller) in people.iter().enumerate() {
        let token = portal.token_of(caller).await;
        let mut browser = portal.browser_of(caller).await;
        stage.free = format!("wish-{}", char::from(b'a' + u8::try_from(number).unwrap()));
        for action in Action::ALL {
            let said = format!("{}: {} may {action:?}?", bed.name, caller.account.name);
            let calls = over_rest(action, &stage);
            assert!(!calls.is_empty(), "{action:?} is missing over REST");
            for asked in calls {
                let answer = expected(caller, action, &asked.1, &stage, &member);
                let seen = call(&portal, &asked, Some(&token)).await;
                let (status, body) = (seen.status, &seen.body);
                assert!(rest_agrees(action, answer, &seen), "{said} {answer:?} {asked:?}: {status} {body}");
            }
            let posts = over_pages(action, &stage);
            assert!(!posts.is_empty(), "{action:?} is missing over the pages");
            for asked in posts {
                let answer = expected(caller, action, &asked.0, &stage, &member);
                let seen = go(&mut browser, &asked).await;
                let (status, body) = (seen.status, seen.body.clone());
                let agrees = pages_agree(&mut browser, action, answer, &seen).await;
                let to = seen.header("location").to_owned();
                let cookie = seen.header("set-cookie");
                assert!(agrees, "{said} {answer:?} {asked:?}: {status} {to} {cookie}{body}");
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
}
