//! Somebody at a browser without scripts: signs in at the directory, keeps a cookie, posts forms, follows no redirect
//! without looking.

use anyhow::{Context, Result, bail};
use std::collections::BTreeMap;
use std::time::Duration;
use ureq::Agent;
use ureq::http::Response;

/// Cookies of one account; the same on every replica, for cookies do not tell ports apart.
#[derive(Clone)]
pub struct Person {
    agent: Agent,
    cookies: BTreeMap<String, String>,
}

/// An answer, read to its end.
pub struct Seen {
    pub status: u16,
    pub leads_to: Option<String>,
    pub body: String,
}

impl Seen {
    /// The value of the first hidden or shown field of this name.
    pub fn field(&self, name: &str) -> Option<String> {
        let after = self.body.split(&format!("name=\"{name}\" value=\"")).nth(1)?;
        after.split('"').next().map(unescaped)
    }
}

impl Person {
    fn new() -> Person {
        let config = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(20)));
        Person { agent: config.build().into(), cookies: BTreeMap::new() }
    }

    /// Through the directory's own page.
    pub fn sign_in(portal: &str, account: &str) -> Result<Person> {
        let mut person = Person::new();
        let account = format!("{account}@contoso.example");
        let left = person.post(portal, "/sign-in", &[("account", &account), ("back", "/environments")])?;
        let directory = left.leads_to.context("signing in leads nowhere")?;
        let page = person.fetch(&directory)?;
        let action = page.body.split("action=\"").nth(1).and_then(|rest| rest.split('"').next()).map(unescaped);
        let action = action.with_context(|| format!("the directory's page has no form: {}", page.body))?;
        let hidden =
            page.body.split("type=\"hidden\" name=\"").skip(1).filter_map(|rest| rest.split_once("\" value=\""));
        let mut fields: Vec<(String, String)> = hidden
            .map(|(name, rest)| (name.to_owned(), unescaped(rest.split('"').next().unwrap_or_default())))
            .collect();
        fields.push(("account".to_owned(), account.clone()));
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let origin = directory.split('/').take(3).collect::<Vec<_>>().join("/");
        let action = if action.starts_with('/') { format!("{origin}{action}") } else { action };
        let chosen = person.send(person.agent.post(&action).send_form(fields)?)?;
        let back = chosen.leads_to.with_context(|| format!("the directory leads nowhere: {}", chosen.body))?;
        let arrived = person.fetch(&back)?;
        if arrived.leads_to.as_deref().is_none_or(|to| to.contains("sign-in")) {
            bail!("{account} was not signed in: {} {:?}", arrived.status, arrived.leads_to);
        }
        Ok(person)
    }

    pub fn get(&mut self, portal: &str, path: &str) -> Result<Seen> {
        self.fetch(&format!("{portal}{path}"))
    }

    fn fetch(&mut self, url: &str) -> Result<Seen> {
        let request = self.agent.get(url).header("cookie", self.cookie());
        let answer = request.call().with_context(|| format!("reading {url}"))?;
        self.send(answer)
    }

    pub fn post(&mut self, portal: &str, path: &str, fields: &[(&str, &str)]) -> Result<Seen> {
        let request = self.agent.post(format!("{portal}{path}"));
        let request = request.header("cookie", self.cookie()).header("origin", portal);
        let answer = request.send_form(fields.iter().copied()).with_context(|| format!("posting {path}"))?;
        self.send(answer)
    }

    pub fn cookie(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// Takes the cookies of an answer, and reads it.
    fn send(&mut self, mut answer: Response<ureq::Body>) -> Result<Seen> {
        for cookie in answer.headers().get_all("set-cookie") {
            if let Some((name, rest)) = cookie.to_str()?.split_once('=') {
                self.cookies.insert(name.to_owned(), rest.split(';').next().unwrap_or_default().to_owned());
            }
        }
        let leads_to = answer.headers().get("location").map(|to| to.to_str().map(str::to_owned)).transpose()?;
        let status = answer.status().as_u16();
        Ok(Seen { status, leads_to, body: answer.body_mut().read_to_string()? })
    }
}

/// Plain JSON to the simulator's control routes.
pub fn control(method: &str, url: &str, body: Option<&str>) -> Result<(u16, String)> {
    let agent = Person::new().agent;
    let mut answer = match (method, body) {
        ("POST", Some(body)) => agent.post(url).header("content-type", "application/json").send(body)?,
        ("DELETE", _) => agent.delete(url).call()?,
        _ => agent.get(url).call()?,
    };
    Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))
}

/// What a control route answers.
pub fn told(url: &str) -> Result<String> {
    let (status, text) = control("GET", url, None)?;
    if status != 200 {
        bail!("{url} answers {status}: {text}");
    }
    Ok(text)
}

fn unescaped(text: &str) -> String {
    let signs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&#x27;", "'"), ("&amp;", "&")];
    signs.iter().fold(text.to_owned(), |text, (sign, letter)| text.replace(sign, letter))
}
