//! What the policies in force say of a wish: those of the configuration, then those of the page.

use crate::service::Service;
use crate::service::error::failed;
use crate::service::warnings::Age;
use crate::store;
use app::portal::Answer;
use domain::form::DefaultLifetime;
use domain::plan::Finding;
use domain::policy::{self, Asked, InForce};
use domain::request::Kind;
use domain::wish::Wish;
use std::sync::Arc;

impl Service {
    /// Beside a form from what was read a moment ago; where something is frozen or approved, from the database.
    pub(in crate::service) async fn judge(
        &self,
        kind: Kind,
        wish: &Wish,
        former: Option<&Wish>,
        age: Age,
    ) -> Answer<Vec<Finding>> {
        let written = self.written(age).await?;
        // A policy of the configuration stands in the place of one of the page that has its name.
        let written = written.iter().filter(|one| !self.is_configured(&one.name));
        let asked = Asked { kind, wish, former, regions: &self.choices.regions };
        Ok(policy::findings(self.policies.iter().chain(written), &asked))
    }

    /// The days that forms for new environments begin with.
    pub(in crate::service) async fn lifetimes(&self) -> Answer<Vec<DefaultLifetime>> {
        let written = self.written(Age::Picture).await?;
        let written = written.iter().filter(|one| !self.is_configured(&one.name));
        Ok(self.policies.iter().chain(written).filter_map(|one| one.judge.lifetime()).collect())
    }

    /// Of the page, switched on.
    async fn written(&self, age: Age) -> Answer<Arc<Vec<InForce>>> {
        let read = store::policy::in_force(&self.store);
        let read = match age {
            Age::Picture => self.standing.read((), self.clock.now(), read).await,
            Age::Fresh => read.await.map(Arc::new),
        };
        read.map_err(failed("reading the policies in force"))
    }
}
