//! A program that speaks to the REST API with a token of its own.

use super::browser::{Browser, Seen};
use super::portal::Portal;
use axum::body::Body;
use axum::http::Request;
use domain::account::Caller;
use serde_json::Value;

pub struct Program {
    router: axum::Router,
    token: String,
}

impl Program {
    pub async fn of(portal: &Portal, caller: &Caller) -> Program {
        Program { router: portal.router.clone(), token: portal.token_of(caller).await }
    }

    pub async fn get(&self, path: &str) -> Seen {
        self.send("GET", path, &[], String::new()).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Seen {
        self.send("POST", path, &[("content-type", "application/json")], body.to_string()).await
    }

    pub async fn put(&self, path: &str, kind: &str, body: &str) -> Seen {
        self.send("PUT", path, &[("content-type", kind)], body.to_owned()).await
    }

    /// The path under `/api/v1`, or what an answer named.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: String) -> Seen {
        let path = if path.starts_with("/api/") { path.to_owned() } else { format!("/api/v1{path}") };
        let request = Request::builder().method(method).uri(path).header("if-match", "*");
        let request = request.header("authorization", format!("Bearer {}", self.token));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        Browser::on(&self.router).send(request.body(Body::from(body)).unwrap()).await
    }
}

impl Seen {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.body))
    }
}
