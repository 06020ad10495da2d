//! What a run of the checks is about: a wish, the way to Azure, and answers that several checks share and ask once.

use super::ready::{self, Report};
use crate::engine::place::Place;
use crate::store::{self, Store, event, job};
use azure::{Azure, Error, SecretFacts, kubernetes};
use domain::Moment;
use domain::id::EnvironmentId;
use domain::job::State;
use domain::naming::{SECRETS, WEB_APP};
use domain::wish::Wish;
use futures::future::try_join_all;
use serde_json::Value;
use tokio::sync::OnceCell;

/// One run's view of an environment. Every shared answer is asked for at most once a run.
pub struct Subject {
    azure: Azure,
    wish: Wish,
    place: Place,
    now: Moment,
    /// When insights were switched on, as far as known.
    insights_since: Option<Moment>,
    cluster: OnceCell<Option<Value>>,
    client: OnceCell<kube::Client>,
    pods: OnceCell<Vec<Value>>,
    reports: OnceCell<Vec<Report>>,
    secrets: OnceCell<Vec<Option<SecretFacts>>>,
}

impl Subject {
    pub fn new(azure: Azure, wish: Wish, now: Moment, insights_since: Option<Moment>) -> Subject {
        let place = Place::new(azure.subscription(), &wish);
        Subject {
            azure,
            wish,
            place,
            now,
            insights_since,
            cluster: OnceCell::new(),
            client: OnceCell::new(),
            pods: OnceCell::new(),
            reports: OnceCell::new(),
            secrets: OnceCell::new(),
        }
    }

    /// Of an environment as its newest job made it; `None` where no job has stood it up, so that there is nothing to ask.
    pub async fn of(
        store: &Store,
        azure: &Azure,
        environment: &EnvironmentId,
        now: Moment,
    ) -> Result<Option<Subject>, store::Error> {
        if store::environment::is_released(store, environment).await? {
            return Ok(None);
        }
        let Some(job) = job::newest(store, environment).await? else { return Ok(None) };
        let Some(journal) = event::load(store, &job).await? else { return Ok(None) };
        if journal.status.state() != State::Succeeded {
            return Ok(None);
        }
        let insights = journal.status.step("insights").and_then(|step| step.ended);
        Ok(Some(Subject::new(azure.clone(), journal.job.wish.clone(), now, insights)))
    }

    pub fn azure(&self) -> &Azure {
        &self.azure
    }

    pub fn wish(&self) -> &Wish {
        &self.wish
    }

    pub fn place(&self) -> &Place {
        &self.place
    }

    pub fn now(&self) -> Moment {
        self.now
    }

    pub fn insights_since(&self) -> Option<Moment> {
        self.insights_since
    }

    /// The cluster's document; `None` where it is not there.
    pub async fn cluster(&self) -> Result<Option<&Value>, Error> {
        let look = || async { self.azure.arm().get(&self.place.cluster()).await };
        Ok(self.cluster.get_or_try_init(look).await?.as_ref())
    }

    pub async fn kubernetes(&self) -> Result<&kube::Client, Error> {
        let connect = || async { self.azure.kubernetes(self.place.cluster().as_str()).await };
        self.client.get_or_try_init(connect).await
    }

    /// The web app's pods that are not on their way out.
    pub async fn pods(&self) -> Result<&[Value], Error> {
        let list = || async {
            let client = self.kubernetes().await?;
            let pods = kubernetes::list(client, "v1", "Pod", Some(WEB_APP), Some("app=webapp")).await?;
            Ok(pods.into_iter().filter(|pod| pod["metadata"]["deletionTimestamp"].is_null()).collect())
        };
        Ok(self.pods.get_or_try_init(list).await?)
    }

    /// What each pod says of itself, with token, secrets and login proved anew.
    pub async fn reports(&self) -> Result<&[Report], Error> {
        let ask = || async {
            let (client, pods) = (self.kubernetes().await?, self.pods().await?);
            Ok(ready::ask(client, pods).await)
        };
        Ok(self.reports.get_or_try_init(ask).await?)
    }

    /// The newest version of each of the four secrets, in their order; `None` for one that is not there.
    pub async fn secrets(&self) -> Result<&[Option<SecretFacts>], Error> {
        let ask = || async {
            let vault = self.azure.vault(self.wish.vault.name.as_str());
            try_join_all(SECRETS.iter().map(|name| vault.get(name))).await
        };
        Ok(self.secrets.get_or_try_init(ask).await?)
    }
}
