//! Environments that really stand in the simulated Azure: asked for, approved, and carried out by a worker.

use super::portal::{Portal, config, form};
use app::portal::{Changes, Requests, Submission};
use azure::{Answer, Progress, ResourceId};
use domain::account::Caller;
use domain::form::Form;
use domain::id::{EnvironmentId, JobId, RequestId};
use domain::request::Decision;
use keystead::holders::Holders;
use keystead::preflight::Picture;
use keystead::store::event::{self, Journal};
use keystead::timers::{DriftLook, Timer};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// Small, and with an image whose pods are ready at once.
pub fn small(name: &str) -> Form {
    Form { template: "web-app-one-node".into(), image: "registry.contoso.example/pause:1.0.0".into(), ..form(name) }
}

/// Lets the portal's time pass until it is dropped.
pub fn ticking(portal: &Portal) -> AbortOnDropHandle<()> {
    let clock = portal.clock.clone();
    AbortOnDropHandle::new(tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        loop {
            ticks.tick().await;
            clock.advance(500);
        }
    }))
}

impl Portal {
    /// Somebody writes a resource behind the portal's back, and it is done.
    pub async fn put(&self, id: &ResourceId, body: &Value) {
        let mut answer = self.azure.arm().put(id, body).await.unwrap();
        while let Answer::Accepted(operation) = &answer {
            match self.azure.arm().poll(operation).await.unwrap() {
                Progress::Running { .. } => {}
                Progress::Succeeded(document) => answer = Answer::Done(document),
                Progress::Failed { code, message } => panic!("{code}: {message}"),
            }
        }
    }

    /// Approved by `manager`; the job that it begins, where it begins one.
    pub async fn approved(&self, manager: &Caller, request: &RequestId) -> Option<JobId> {
        let digest = self.service.request(manager, request).await.unwrap().digest;
        self.service.decide(manager, request, Decision::Approve, "", &digest, None).await.unwrap().job
    }

    /// Asked for, approved and carried out; it must have come to its end.
    pub async fn built(&self, member: &Caller, manager: &Caller, form: Form) -> Journal {
        let submission = Submission { form, password: None, draft: None };
        let request = self.service.submit(member, submission).await.unwrap();
        self.carried_out(manager, &request).await
    }

    /// Approved, and worked on until nothing goes on by itself; it must have come to its end.
    pub async fn carried_out(&self, manager: &Caller, request: &RequestId) -> Journal {
        let job = self.approved(manager, request).await.unwrap();
        let journal = self.rested(&job).await;
        assert!(journal.status.state().over(), "{:#?}", journal.status.failure(&journal.job.outline));
        journal
    }

    /// Asked for, approved and carried out that nothing of it stays.
    pub async fn destroyed(&self, member: &Caller, manager: &Caller, name: &str, purge: bool) -> Journal {
        let digest = self.service.destruction(member, name, purge).await.unwrap().digest;
        let sent = self.service.submit_destruction(member, name, purge, "Not needed any more", &digest).await;
        self.carried_out(manager, &sent.unwrap()).await
    }

    /// Another wish for what stands, approved and carried out.
    pub async fn changed(&self, member: &Caller, manager: &Caller, name: &str, form: Form) -> Journal {
        let request = self.service.submit_change(member, name, &form).await.unwrap();
        self.carried_out(manager, &request).await
    }

    /// Worked on until nothing goes on by itself. Time passes while nothing is heard of it.
    pub async fn rested(&self, job: &JobId) -> Journal {
        let stop = CancellationToken::new();
        let worker = AbortOnDropHandle::new(tokio::spawn(self.engine.clone().run(stop.clone())));
        let rests = async {
            let mut changes = self.store.changes();
            loop {
                let journal = event::load(&self.store, job).await.unwrap().unwrap();
                if !journal.status.state().moving() && journal.status.at_work(&journal.job.outline).is_empty() {
                    return journal;
                }
                if tokio::time::timeout(Duration::from_millis(20), changes.recv()).await.is_err() {
                    self.clock.advance(500);
                }
            }
        };
        let rested = tokio::time::timeout(Duration::from_secs(240), rests).await;
        let journal = match rested {
            Ok(journal) => journal,
            Err(_) => panic!("never rests: {:#?}", event::load(&self.store, job).await.unwrap().unwrap().status),
        };
        stop.cancel();
        worker.await.unwrap();
        journal
    }

    /// As the timer looks whether it is still as it was approved.
    pub async fn looked(&self, environment: &EnvironmentId) {
        let teams = config().teams.iter().map(|team| team.team()).collect();
        let holders = Arc::new(Holders::new(self.azure.clone(), teams));
        let (azure, picture) = (self.azure.clone(), Picture::default());
        let look = DriftLook { store: self.store.clone(), engine: self.engine.clone(), holders, azure, picture };
        look.ring(environment.as_str(), self.now()).await.unwrap();
    }
}
