//! Every POST of the API with what it is about, brought so far that it is answered with a success.

use super::bed::{Bed, sql, text};
use super::living::small;
use super::portal::Portal;
use super::program::Program;
use app::portal::{Changes, Jobs, Requests, Webhooks};
use domain::account::{Caller, Role};
use domain::audit::Actor;
use domain::failure::{Failure, Mend};
use domain::id::JobId;
use domain::job::{Event, SILENT_MILLIS};
use domain::view::webhook::{Made, New};
use keystead::engine::place::Place;
use keystead::store::event::Journal;
use keystead::store::webhook::delivery::{self, Came};
use keystead::store::{self, event, lease};
use serde_json::{Value, json};
use std::cell::Cell;

/// A question that is not yet asked.
pub struct Staged {
    pub by: Program,
    /// Below `/api/v1`.
    pub path: String,
    pub body: Value,
}

/// Where they are asked.
pub struct Stage<'a> {
    bed: &'a Bed,
    portal: &'a Portal,
    member: Caller,
    manager: Caller,
    engineer: Caller,
    /// An environment that stands.
    built: Journal,
    count: Cell<u32>,
}

/// An address that nobody asks: no delivery is sent in a story that rings no timer.
const OUTSIDE: &str = "https://9.9.9.9/keystead";

/// The name of the environment that stands: all stories share one Azure.
fn standing(bed: &Bed) -> String {
    format!("posted-to-{}", bed.name)
}

impl<'a> Stage<'a> {
    pub async fn of(bed: &'a Bed, portal: &'a Portal) -> Stage<'a> {
        let (member, manager) = (portal.member().await, portal.manager().await);
        let engineer = portal.caller("platform-engineer", Role::PlatformEngineer, None).await;
        let built = portal.built(&member, &manager, small(&standing(bed))).await;
        Stage { bed, portal, member, manager, engineer, built, count: Cell::new(0) }
    }

    /// Every way in which this operation is asked; `None` where it is not known here.
    pub async fn staged(&self, path: &str) -> Option<Vec<Staged>> {
        let below = path.trim_start_matches("/api/v1");
        let collection = below.split('/').nth(1).unwrap_or_default();
        match collection {
            "environments" => self.environments(below).await,
            "jobs" => self.jobs(below).await,
            "requests" | "plans" => self.requests(below).await,
            "tokens" | "webhooks" => self.programs(below).await,
            _ => self.installation(below).await,
        }
    }

    async fn environments(&self, path: &str) -> Option<Vec<Staged>> {
        let at = |what: &str| format!("/environments/{}/{what}", standing(self.bed));
        // What an earlier question left waiting would stand in the way of the next.
        let waits =
            "select coalesce(max(id), '') from request where environment_name like 'posted-to-%' and state = 'waiting'";
        let waits = text(&self.bed.store, waits).await;
        if !waits.is_empty() {
            self.portal.service.withdraw(&self.member, &domain::id::RequestId::new(waits)).await.unwrap();
        }
        let (service, member) = (&self.portal.service, &self.member);
        let staged = match path {
            "/environments/{name}/change" => self.one(member, &at("change"), json!({"nodes": "2"})).await,
            "/environments/{name}/destruction" => {
                let digest = service.destruction(member, &standing(self.bed), false).await.unwrap().digest;
                self.one(member, &at("destruction"), json!({"digest": digest, "reason": "a test"})).await
            }
            "/environments/{name}/looks" => self.one(member, &at("looks"), Value::Null).await,
            "/environments/{name}/ownership" => {
                let leaver = self.portal.caller("owner", Role::Member, Some("payments")).await;
                let request = self.portal.asked(&leaver, &format!("left-behind-{}", self.bed.name)).await;
                self.portal.approved(&self.manager, &request).await.unwrap();
                app::portal::People::mark_left(&**service, &self.engineer, &leaver.account.id).await.unwrap();
                let left = format!("/environments/left-behind-{}/ownership", self.bed.name);
                self.one(&self.manager, &left, Value::Null).await
            }
            "/environments/{name}/release" => {
                let digest = service.release(member, &standing(self.bed)).await.unwrap().digest;
                self.one(member, &at("release"), json!({"digest": digest, "reason": "a test"})).await
            }
            "/environments/{name}/repair" => {
                let place = Place::new(self.portal.azure.subscription(), &self.built.job.wish);
                self.portal.azure.arm().delete(&place.vault_audit()).await.unwrap();
                self.one(member, &at("repair"), Value::Null).await
            }
            "/environments/{name}/validation" => self.one(member, &at("validation"), Value::Null).await,
            _ => return None,
        };
        Some(vec![staged])
    }

    async fn jobs(&self, path: &str) -> Option<Vec<Staged>> {
        let why = || json!({"reason": "a test"});
        let member = &self.member;
        Some(match path {
            "/jobs/{id}/cancel" => vec![self.one(member, &format!("/jobs/{}/cancel", self.job().await), why()).await],
            "/jobs/{id}/plan" => {
                let job = self.stopped(Mend::Plan).await;
                vec![self.one(member, &format!("/jobs/{job}/plan"), Value::Null).await]
            }
            "/jobs/{id}/retry" => {
                let (plain, password) = (self.stopped(Mend::Plan).await, self.stopped(Mend::Password).await);
                vec![
                    self.one(member, &format!("/jobs/{plain}/retry"), json!({})).await,
                    self.one(member, &format!("/jobs/{password}/retry"), json!({"db_password": "another-9"})).await,
                ]
            }
            "/jobs/{id}/roll-back" => {
                let (plain, held) = (self.job().await, self.stopped(Mend::VaultName).await);
                self.portal.service.change_vault_name(member, &held, &format!("kv-{}", self.name())).await.unwrap();
                vec![
                    self.one(&self.manager, &format!("/jobs/{plain}/roll-back"), why()).await,
                    self.one(&self.manager, &format!("/jobs/{held}/roll-back"), why()).await,
                ]
            }
            "/jobs/{id}/take-over" => {
                self.job().await;
                let (store, now) = (&self.bed.store, self.portal.now());
                let hangs = lease::claim(store, "hangs", now, now).await.unwrap().unwrap().job;
                self.portal.clock.advance(SILENT_MILLIS);
                vec![self.one(&self.engineer, &format!("/jobs/{hangs}/take-over"), why()).await]
            }
            "/jobs/{id}/vault-name" => {
                let job = self.stopped(Mend::VaultName).await;
                let name = json!({"vault_name": format!("kv-{}", self.name())});
                vec![self.one(member, &format!("/jobs/{job}/vault-name"), name).await]
            }
            _ => return None,
        })
    }

    async fn requests(&self, path: &str) -> Option<Vec<Staged>> {
        let (member, manager) = (&self.member, &self.manager);
        let form = |name: &str| json!({"name": name, "team": "payments", "region": "westeurope", "template": "web-app-one-node"});
        if path == "/plans" {
            return Some(vec![
                self.one(member, path, form(&self.name())).await,
                self.one(member, path, json!({"environment": standing(self.bed), "nodes": "2"})).await,
            ]);
        }
        if path == "/requests" {
            let program = Program::of(self.portal, member).await;
            let plan = program.post("/plans", &form(&self.name())).await.json();
            let mut own = form(&self.name());
            for (field, value) in [("server", "db.contoso.example"), ("database", "own"), ("username", "own")] {
                own[format!("db_{field}")] = json!(value);
            }
            own["db_password"] = json!("typed-9");
            return Some(vec![
                self.one(member, path, form(&self.name())).await,
                self.one(member, path, own).await,
                self.one(member, path, json!({"plan": plan["id"], "digest": plan["digest"]})).await,
            ]);
        }
        let request = self.portal.asked(member, &self.name()).await;
        let at = |what: &str| format!("/requests/{request}/{what}");
        let said = json!({"comment": "a test"});
        Some(vec![match path {
            "/requests/{id}/approval" => {
                let digest = self.portal.service.request(manager, &request).await.unwrap().digest;
                self.one(manager, &at("approval"), json!({"digest": digest})).await
            }
            "/requests/{id}/changes" => self.one(manager, &at("changes"), said).await,
            "/requests/{id}/comments" => self.one(member, &at("comments"), said).await,
            "/requests/{id}/rejection" => self.one(manager, &at("rejection"), said).await,
            "/requests/{id}/withdrawal" => self.one(member, &at("withdrawal"), Value::Null).await,
            _ => return None,
        }])
    }

    async fn programs(&self, path: &str) -> Option<Vec<Staged>> {
        let (manager, service) = (&self.manager, &self.portal.service);
        if path == "/tokens" {
            let of_service = json!({"name": "nightly", "service_of": "payments"});
            return Some(vec![
                self.one(&self.member, path, json!({"name": "build", "scopes": ["see"]})).await,
                self.one(manager, path, of_service).await,
            ]);
        }
        if path == "/webhooks" {
            let body = json!({"team": "payments", "name": "chat", "url": OUTSIDE, "events": []});
            return Some(vec![self.one(manager, path, body).await]);
        }
        let name = self.name();
        let new = New { team: "payments".into(), name, url: OUTSIDE.into(), events: Vec::new() };
        let Made { row, .. } = service.create_webhook(manager, &new).await.unwrap();
        let at = |what: &str| format!("/webhooks/{}/{what}", row.id);
        Some(vec![match path {
            "/webhooks/{id}/secrets" => self.one(manager, &at("secrets"), Value::Null).await,
            "/webhooks/{id}/test" => self.one(manager, &at("test"), Value::Null).await,
            "/webhooks/{id}/deliveries/{delivery}/redelivery" => {
                let ping = service.test_webhook(manager, &row.id).await.unwrap().id;
                let given_up = Came::GivenUp("nobody is there");
                delivery::came(&self.bed.store, &ping, given_up, None, self.portal.now()).await.unwrap();
                self.one(manager, &at(&format!("deliveries/{ping}/redelivery")), Value::Null).await
            }
            _ => return None,
        }])
    }

    async fn installation(&self, path: &str) -> Option<Vec<Staged>> {
        let (engineer, portal) = (&self.engineer, self.portal);
        let policy = |title: &str| format!("title = \"{title}\"\nwarn = {{ nodes = {{ max = 5 }} }}\n");
        Some(vec![match path {
            "/deliveries/{id}/redelivery" => {
                portal.asked(&self.member, &self.name()).await;
                portal.service.tell_all(portal.now()).await.unwrap();
                let newest = "update telling set state = 'given-up' where id = (select max(id) from telling)";
                sql(&self.bed.store, newest, &[]).await;
                let id = text(&self.bed.store, "select max(id) from telling").await;
                self.one(engineer, &format!("/deliveries/{id}/redelivery"), Value::Null).await
            }
            "/handover" => {
                let away = portal.caller("away", Role::Manager, Some("catalogue")).await;
                let deputy = portal.caller("deputy", Role::Manager, Some("catalogue")).await;
                let until = &portal.now().plus(5 * 86_400_000).rfc3339()[..10];
                self.one(&away, path, json!({"to": deputy.account.name, "until": until})).await
            }
            "/people/departures" => {
                let leaver = portal.caller("leaver", Role::Member, Some("payments")).await;
                portal.asked(&leaver, &self.name()).await;
                self.one(engineer, path, json!({"account": leaver.account.id.0})).await
            }
            "/people/returns" => {
                let back = portal.caller("back", Role::Member, Some("payments")).await;
                app::portal::People::mark_left(&*portal.service, engineer, &back.account.id).await.unwrap();
                self.one(engineer, path, json!({"account": back.account.id.0})).await
            }
            "/policies" => self.one(engineer, path, json!({"text": policy("Begun"), "base": 0})).await,
            "/policies/{name}/versions" | "/policies/{name}/switch" => {
                let (title, rest) = path.rsplit_once('/').map(|(_, rest)| (format!("For {rest}"), rest)).unwrap();
                let program = Program::of(portal, engineer).await;
                let made = program.post("/policies", &json!({"text": policy(&title), "base": 0})).await;
                let address = format!("/policies/{}", made.json()["policy"].as_str().unwrap());
                let body = match rest {
                    "switch" => json!({"seen": null, "version": 1}),
                    _ => json!({"text": policy(&title), "base": 1}),
                };
                self.one(engineer, &format!("{address}/{rest}"), body).await
            }
            _ => return None,
        }])
    }

    async fn one(&self, by: &Caller, path: &str, body: Value) -> Staged {
        Staged { by: Program::of(self.portal, by).await, path: path.to_owned(), body }
    }

    /// One that nothing else bears.
    fn name(&self) -> String {
        self.count.set(self.count.get() + 1);
        format!("staged-{}", self.count.get())
    }

    /// A job that nobody has begun.
    async fn job(&self) -> JobId {
        let request = self.portal.asked(&self.member, &self.name()).await;
        self.portal.approved(&self.manager, &request).await.unwrap()
    }

    /// One that stopped at what only a person can mend.
    async fn stopped(&self, mend: Mend) -> JobId {
        let job = self.job().await;
        let failure = Failure {
            title: "Vault: it cannot be made".into(),
            quote: None,
            cause: "Somebody was here.".into(),
            remedy: "Give it something else.".into(),
            mend: Some(mend),
        };
        let told = [
            Event::Started { step: "resource-group".into() },
            Event::Succeeded { step: "resource-group".into(), output: json!({}) },
            Event::Started { step: "vault".into() },
            Event::Failed { step: "vault".into(), failure },
        ];
        let (store, by) = (&self.portal.store, Actor::keystead());
        event::say::<store::Error>(store, &by, &job, self.portal.now(), |_| Ok(told.to_vec())).await.unwrap();
        job
    }
}
