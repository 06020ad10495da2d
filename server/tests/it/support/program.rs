//! A program: a token, JSON, and the headers of the API's conventions.

use super::browser::{Browser, Seen};
use super::portal::Portal;
use axum::body::Body;
use axum::http::{Method, Request};
use domain::account::Caller;
use serde_json::Value;

#[derive(Clone)]
pub struct Program {
    router: axum::Router,
    token: String,
}

impl Program {
    pub async fn of(portal: &Portal, caller: &Caller) -> Program {
        Program { router: portal.router.clone(), token: portal.token_of(caller).await }
    }

    /// The same token at another replica, or at the server that was started again.
    pub fn at(&self, portal: &Portal) -> Program {
        Program { router: portal.router.clone(), token: self.token.clone() }
    }

    /// A question that is not yet sent; `headers` beside the token.
    pub fn question(
        &self,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Request<Body> {
        // Under the API, or as an answer has named it.
        let path = if path.starts_with("/api/") { path.to_owned() } else { format!("/api/v1{path}") };
        let mut request = Request::builder().method(method).uri(path);
        request = request.header("authorization", format!("Bearer {}", self.token));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        request.body(body.map_or_else(Body::empty, |body| Body::from(body.to_string()))).unwrap()
    }

    pub async fn send(&self, request: Request<Body>) -> Seen {
        Browser::on(&self.router).send(request).await
    }

    pub async fn get(&self, path: &str) -> Seen {
        self.send(self.question(&Method::GET, path, &[], None)).await
    }

    /// Of whatever the thing is now.
    pub async fn post(&self, path: &str, body: &Value) -> Seen {
        self.send(self.question(&Method::POST, path, &[("if-match", "*")], Some(body))).await
    }

    /// The same under a key.
    pub async fn once(&self, key: &str, path: &str, body: &Value) -> Seen {
        self.send(self.keyed(key, path, body)).await
    }

    pub fn keyed(&self, key: &str, path: &str, body: &Value) -> Request<Body> {
        let body = Some(body).filter(|body| !body.is_null());
        self.question(&Method::POST, path, &[("if-match", "*"), ("idempotency-key", key)], body)
    }

    /// As a change of what was looked at.
    pub async fn change(&self, path: &str, tag: &str, body: &Value) -> Seen {
        self.send(self.question(&Method::POST, path, &[("if-match", tag)], Some(body))).await
    }

    /// In place of whatever is there now.
    pub async fn put(&self, path: &str, kind: &str, body: &str) -> Seen {
        let there = self.get(path).await.status.is_success();
        let headers: &[(&str, &str)] =
            if there { &[("content-type", kind), ("if-match", "*")] } else { &[("content-type", kind)] };
        self.ask("PUT", path, headers, body.to_owned()).await
    }

    /// The path under `/api/v1`, or what an answer named.
    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: String) -> Seen {
        let path = if path.starts_with("/api/") { path.to_owned() } else { format!("/api/v1{path}") };
        let request = Request::builder().method(method).uri(path);
        let request = request.header("authorization", format!("Bearer {}", self.token));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        Browser::on(&self.router).send(request.body(Body::from(body)).unwrap()).await
    }
}

impl Seen {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.body))
    }

    /// Status, place and body, without the moment in which it was read.
    pub fn answer(&self) -> (u16, String, Value) {
        let mut body = if self.body.is_empty() { Value::Null } else { self.json() };
        if let Some(fields) = body.as_object_mut() {
            fields.remove("now");
        }
        (self.status.as_u16(), self.header("location").to_owned(), body)
    }

    /// The kind of problem that it tells of.
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{} {}", self.status, self.body);
        let problem: domain::problem::Problem = serde_json::from_str(&self.body).unwrap();
        assert_eq!(problem.status, self.status.as_u16());
        problem.kind.trim_start_matches("/problems/").to_owned()
    }
}
