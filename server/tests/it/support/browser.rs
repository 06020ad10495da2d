//! A browser: cookies, plain forms, redirects followed one at a time, and what a page's script asks.

use axum::body::Body;
use axum::http::header::{ACCEPT, CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use axum::http::{HeaderMap, Request, Response, StatusCode};
use serde_json::Value;
use std::collections::BTreeMap;
use tower::ServiceExt;

#[derive(Clone)]
pub struct Browser {
    router: axum::Router,
    cookies: BTreeMap<String, String>,
}

/// An answer, read to its end.
pub struct Seen {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Where it sends the browser.
    pub fn leads_to(&self) -> &str {
        assert!(self.status.is_redirection(), "{}: {}", self.status, self.body);
        self.header(LOCATION.as_str())
    }
}

impl Browser {
    pub fn on(router: &axum::Router) -> Browser {
        Browser { router: router.clone(), cookies: BTreeMap::new() }
    }

    /// Has this cookie from now on.
    pub fn bring(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// The next request goes to another replica, as behind a load balancer.
    pub fn moved_to(&mut self, router: &axum::Router) {
        self.router = router.clone();
    }

    pub async fn get(&mut self, path: &str) -> Seen {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(path)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(HOST, "127.0.0.1:4170")
            .header(ORIGIN, "http://127.0.0.1:4170")
            .body(Body::from(body));
        self.send(request.unwrap()).await
    }

    /// As a page's script asks: JSON for JSON.
    pub async fn ask(&mut self, path: &str, question: &Value) -> Seen {
        let request = Request::post(path)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .header(HOST, "127.0.0.1:4170")
            .header(ORIGIN, "http://127.0.0.1:4170")
            .body(Body::from(question.to_string()));
        self.send(request.unwrap()).await
    }

    /// An answer that goes on: what it says is read as it comes.
    pub async fn open(&self, path: &str) -> Response<Body> {
        self.ask_with_cookies(Request::get(path).body(Body::empty()).unwrap()).await
    }

    async fn ask_with_cookies(&self, mut request: Request<Body>) -> Response<Body> {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request.headers_mut().insert(COOKIE, cookies.join("; ").parse().unwrap());
        }
        self.router.clone().oneshot(request).await.unwrap()
    }

    pub async fn send(&mut self, request: Request<Body>) -> Seen {
        let answer = self.ask_with_cookies(request).await;
        let (parts, body) = answer.into_parts();
        for cookie in parts.headers.get_all(SET_COOKIE) {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
        }
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Seen { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&body).into_owned() }
    }

    /// Through the directory's own page, as a person would.
    pub async fn sign_in(&mut self, account: &str, back: &str) -> Seen {
        let left = self.post("/sign-in", &[("account", account), ("back", back)]).await;
        let returned = directory(left.leads_to(), account).await;
        self.get(&returned).await
    }

    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }
}

/// Types a device's code on the directory's page, and chooses this account; `cancel` says no.
pub async fn enter_code(page: &str, code: &str, account: &str) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let accounts = http.post(page).form(&[("otc", code)]).send().await.unwrap();
    assert!(accounts.status().is_success() && accounts.text().await.unwrap().contains("Choose an account"));
    let chosen = http.post(page).form(&[("otc", code), ("account", account)]).send().await.unwrap();
    assert!(chosen.status().is_success(), "{}", chosen.text().await.unwrap());
}

/// Chooses the account on the directory's page; answers the way back as a path with its query.
pub async fn directory(address: &str, account: &str) -> String {
    let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let page = http.get(address).send().await.unwrap().text().await.unwrap();
    let hidden = page.split("type=\"hidden\" name=\"").skip(1).map(|rest| {
        let (name, rest) = rest.split_once("\" value=\"").unwrap();
        (name.to_owned(), rest.split('"').next().unwrap().replace("&amp;", "&"))
    });
    let mut fields: Vec<(String, String)> = hidden.collect();
    fields.push(("account".to_owned(), account.to_owned()));
    let action = page.split("action=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let chosen = http.post(action).form(&fields).send().await.unwrap();
    let back = chosen.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
    let Some(back) = back else { panic!("the directory leads nowhere: {}", chosen.text().await.unwrap()) };
    let back = url::Url::parse(&back).unwrap();
    format!("{}?{}", back.path(), back.query().unwrap_or_default())
}
