//! What programs hear over REST: jobs, environments and everything, as pages and as streams; and answers that wait.

use crate::support::bed::both;
use crate::support::browser::{Browser, Seen};
use crate::support::portal::Portal;
use app::portal::{Jobs, Requests};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use domain::account::Role;
use futures::StreamExt;
use serde_json::{Value, json};
use std::time::Duration;

/// A program with a token.
struct Program<'a> {
    portal: &'a Portal,
    token: String,
}

impl Program<'_> {
    fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Request<Body> {
        let request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        let request = request.header("authorization", format!("Bearer {}", self.token)).header("if-match", "*");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        match body {
            Some(body) => request.header("content-type", "application/json").body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        }
        .unwrap()
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Seen {
        Browser::on(&self.portal.router).send(self.request(method, path, headers, body)).await
    }

    async fn read(&self, path: &str) -> Value {
        let seen = self.send("GET", path, &[], None).await;
        assert_eq!(seen.status, StatusCode::OK, "{path}: {}", seen.body);
        serde_json::from_str(&seen.body).unwrap()
    }

    async fn listen(&self, path: &str, last: &str) -> Stream {
        use tower::ServiceExt;
        let headers = [("accept", "text/event-stream"), ("last-event-id", last)];
        let headers = if last.is_empty() { &headers[..1] } else { &headers[..] };
        let answer = self.portal.router.clone().oneshot(self.request("GET", path, headers, None)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(header("content-type").as_deref(), Some("text/event-stream"));
        assert_eq!(header("x-accel-buffering").as_deref(), Some("no"));
        Stream { body: answer.into_body().into_data_stream(), left: String::new() }
    }
}

struct Stream {
    body: axum::body::BodyDataStream,
    left: String,
}

/// Name, id, data.
type Heard = (String, String, String);

impl Stream {
    async fn next(&mut self) -> Option<Heard> {
        loop {
            if let Some((event, rest)) = self.left.split_once("\n\n") {
                let field = |name: &str| {
                    let line = event.lines().find_map(|line| line.strip_prefix(name));
                    line.map(|value| value.trim_start_matches(": ").to_owned()).unwrap_or_default()
                };
                let heard = (field("event"), field("id"), field("data"));
                self.left = rest.to_owned();
                if heard.0.is_empty() {
                    continue;
                }
                return Some(heard);
            }
            let more =
                tokio::time::timeout(Duration::from_secs(30), self.body.next()).await.expect("nothing is heard")?;
            self.left.push_str(&String::from_utf8_lossy(&more.unwrap()));
        }
    }

    /// Until one of this name.
    async fn until(&mut self, name: &str) -> Heard {
        loop {
            let heard = self.next().await.unwrap_or_else(|| panic!("it ended before {name}"));
            if heard.0 == name {
                return heard;
            }
        }
    }

    /// Everything that still comes, while time passes.
    async fn rest(mut self, portal: &Portal) -> Vec<String> {
        let rest = async {
            let mut names = Vec::new();
            while let Some((name, ..)) = self.next().await {
                names.push(name);
            }
            names
        };
        let mut rest = std::pin::pin!(rest);
        loop {
            portal.clock.advance(1_000);
            if let Ok(names) = tokio::time::timeout(Duration::from_millis(20), &mut rest).await {
                return names;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_hears_everything_it_may_see_and_comes_back_where_it_was() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let other = portal.caller("second-member", Role::Member, Some("catalogue")).await;
        let program = Program { portal: &portal, token: portal.token_of(&member).await };
        let stranger = Program { portal: &portal, token: portal.token_of(&other).await };
        let mut stream = program.listen("/events", "").await;
        let (name, begun, _) = stream.next().await.unwrap();
        assert_eq!(name, "begin");
        let request = portal.asked(&member, "listened").await;
        let (_, sent, data) = stream.until("request.sent").await;
        let data: Value = serde_json::from_str(&data).unwrap();
        assert_eq!((&data["subject"], &data["id"]), (&json!(request.as_str()), &json!(sent)));
        assert_eq!((&data["team"], &data["environment"]), (&json!("payments"), &json!("listened")));
        drop(stream);
        portal.approved(&manager, &request).await.unwrap();
        let mut back = program.listen("/events?kind=request.sent,request.decided", &begun).await;
        assert_eq!(back.until("request.sent").await.1, sent);
        let decided = back.until("request.decided").await.1;
        let mut later = program.listen("/events?kind=request.sent,request.decided", &sent).await;
        assert_eq!((later.next().await.unwrap().0.as_str(), later.next().await.unwrap().1), ("begin", decided));

        let page = program.read("/events?limit=2").await;
        assert_eq!(page["rows"].as_array().unwrap().len(), 2);
        let seen = program.send("GET", "/events?limit=2&environment=listened", &[], None).await;
        let next = page["next"].as_str().unwrap();
        assert_eq!(
            seen.header("link"),
            format!("</api/v1/events?limit=2&environment=listened&after={next}>; rel=\"next\"")
        );
        assert_eq!(stranger.read("/events").await["rows"], json!([]));
        let refused = stranger.send("GET", "/environments/listened/events", &[], None).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND);
        for wrong in ["limit=0", "limit=201", "after=x", "kind=none"] {
            let seen = program.send("GET", &format!("/events?{wrong}"), &[], None).await;
            assert!([400, 422].contains(&seen.status.as_u16()), "{wrong}: {} {}", seen.status, seen.body);
        }

        // In another team from now on; then the token's time is over.
        portal.caller("member", Role::Member, Some("catalogue")).await;
        assert_eq!(back.rest(&portal).await, ["again"]);
        assert_eq!(program.read("/events").await["rows"], json!([]));
        let ends = program.listen("/events", "").await;
        portal.clock.advance(3_600_000);
        assert_eq!(ends.rest(&portal).await, ["begin", "again"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environments_stream_says_its_end() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let member = portal.member().await;
        let program = Program { portal: &portal, token: portal.token_of(&member).await };
        let request = portal.asked(&member, "leaving").await;
        let stream = program.listen("/environments/leaving/events", "").await;
        portal.service.withdraw(&member, &request).await.unwrap();
        let heard = stream.rest(&portal).await;
        assert_eq!(heard, ["begin", "request.withdrawn", "environment.changed", "end"]);
        let rows = program.read("/environments/leaving/events").await["rows"].as_array().unwrap().len();
        assert_eq!(rows, 4);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_listed_their_steps_and_lines_read_and_heard() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let program = Program { portal: &portal, token: portal.token_of(&member).await };
        let mut jobs = Vec::new();
        for name in ["first", "second", "third"] {
            let request = portal.asked(&member, name).await;
            jobs.push(portal.approved(&manager, &request).await.unwrap());
        }
        portal.service.cancel(&member, &jobs[0], "not needed").await.unwrap();
        let page = program.send("GET", "/jobs?limit=2", &[], None).await;
        let rows: Value = serde_json::from_str(&page.body).unwrap();
        assert_eq!((&rows["rows"][0]["id"], &rows["total"]), (&json!(jobs[2].as_str()), &json!(3)));
        assert_eq!(page.header("link"), format!("</api/v1/jobs?limit=2&after={}>; rel=\"next\"", jobs[1]));
        let next = program.read(&format!("/jobs?limit=2&after={}", jobs[1])).await;
        assert_eq!((&next["rows"][0]["id"], &next["next"]), (&json!(jobs[0].as_str()), &Value::Null));
        for (query, count) in [
            ("state=cancelled", 1),
            ("state=queued", 2),
            ("environment=second", 1),
            ("team=catalogue", 0),
            ("team=payments", 3),
        ] {
            let rows = program.read(&format!("/jobs?{query}")).await;
            assert_eq!(rows["rows"].as_array().unwrap().len(), count, "{query}");
        }
        assert_eq!(program.send("GET", "/jobs?state=none", &[], None).await.status, StatusCode::BAD_REQUEST);
        let steps = program.read(&format!("/jobs/{}/steps", jobs[1])).await;
        assert_eq!(steps["rows"][0]["state"], "queued");

        let lines = program.read(&format!("/jobs/{}/events", jobs[0])).await;
        let last = lines["rows"].as_array().unwrap().len();
        assert!(last > 0 && lines["next"].is_null(), "{lines}");
        let mut stream = program.listen(&format!("/jobs/{}/events", jobs[0]), "").await;
        let (name, _, now) = stream.next().await.unwrap();
        let now: Value = serde_json::from_str(&now).unwrap();
        assert_eq!((name.as_str(), &now["row"]["state"]), ("now", &json!("cancelled")));
        for number in 1..=last {
            assert_eq!(stream.next().await.unwrap().1, number.to_string());
        }
        portal.service.retry(&member, &jobs[0], None, "after all").await.unwrap();
        assert_eq!(stream.until("line").await.1, (last + 1).to_string(), "it goes on");
        let mut back = program.listen(&format!("/jobs/{}/events", jobs[0]), &last.to_string()).await;
        assert_eq!(back.until("line").await.1, (last + 1).to_string());
        portal.clock.advance(3_600_000);
        assert_eq!(back.rest(&portal).await.last().map(String::as_str), Some("again"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_waits_where_that_is_preferred() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let program = Program { portal: &portal, token: portal.token_of(&manager).await };
        let request = portal.asked(&member, "awaited").await;
        let digest = portal.service.request(&manager, &request).await.unwrap().digest;
        let approved = program
            .send(
                "POST",
                &format!("/requests/{request}/approval"),
                &[("prefer", "wait=0")],
                Some(json!({"digest": digest})),
            )
            .await;
        assert_eq!(approved.status, StatusCode::ACCEPTED, "{}", approved.body);
        assert_eq!((approved.header("retry-after"), approved.header("preference-applied")), ("5", "wait=0"));
        let job = approved.header("location").strip_prefix("/api/v1").unwrap().to_owned();
        let body: Value = serde_json::from_str(&approved.body).unwrap();
        assert_eq!(body["state"], "queued");
        let plain = program.send("GET", &job, &[], None).await;
        assert_eq!((plain.status, plain.header("preference-applied")), (StatusCode::OK, ""));

        let waits = program.send("GET", &job, &[("prefer", "wait=60")], None);
        let id = domain::id::JobId::new(job.rsplit('/').next().unwrap());
        let stops = async {
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            portal.service.cancel(&member, &id, "not needed").await.unwrap();
        };
        let (waited, ()) = tokio::join!(waits, stops);
        let body: Value = serde_json::from_str(&waited.body).unwrap();
        assert_eq!((&body["row"]["state"], waited.header("preference-applied")), (&json!("cancelled"), "wait=60"));
        let retried = program.send("POST", &format!("{job}/retry"), &[("prefer", "wait=0")], Some(json!({}))).await;
        assert_eq!((retried.status, retried.header("retry-after")), (StatusCode::ACCEPTED, "5"), "{}", retried.body);
        assert_eq!(retried.header("location"), format!("/api/v1{job}"));
        assert_eq!(
            program.send("GET", "/jobs/none", &[("prefer", "wait=60")], None).await.status,
            StatusCode::NOT_FOUND
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_reads_whose_it_is_and_what_that_account_was_told() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let program = Program { portal: &portal, token: portal.token_of(&manager).await };
        let me = program.read("/me").await;
        let expected = json!({"account": "manager@contoso.example", "roles": ["manager"], "teams": ["payments"]});
        assert_eq!(me, expected);
        let mut asked = Vec::new();
        for name in ["one", "two"] {
            asked.push(portal.asked(&member, name).await);
        }
        portal.service.tell_all(portal.now()).await.unwrap();
        let page = program.read("/notices?limit=1").await;
        let newest = &page["rows"][0];
        assert_eq!((&newest["about"], &newest["of"]), (&json!("request"), &json!(asked[1].as_str())), "{page}");
        let next = page["next"].as_str().unwrap();
        let rest = program.read(&format!("/notices?after={next}")).await;
        assert_eq!((rest["rows"].as_array().unwrap().len(), &rest["next"]), (1, &Value::Null));
    })
    .await;
}
