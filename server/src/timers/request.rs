//! Lets a request expire that nobody decided within seven days.

use super::{Next, Timer};
use crate::store::request::Ending;
use crate::store::{self, Store, timer};
use async_trait::async_trait;
use domain::Moment;
use domain::audit::Actor;
use domain::id::RequestId;
use domain::request::State;

pub struct RequestExpiry {
    pub store: Store,
}

#[async_trait]
impl Timer for RequestExpiry {
    fn kind(&self) -> &'static str {
        timer::REQUEST
    }

    async fn ring(&self, subject: &str, now: Moment) -> Result<Next, String> {
        let found = store::request::find(&self.store, &RequestId::new(subject)).await;
        let Some(request) = found.map_err(|error| error.to_string())? else { return Ok(Next::Done) };
        if request.state != State::Waiting {
            return Ok(Next::Done);
        }
        if now < request.lapses_at {
            return Ok(Next::Again(request.lapses_at));
        }
        let ending = Ending { state: State::Expired, by: None, comment: None, job: None };
        let ended = store::unapproved::end(&self.store, &Actor::keystead(), &request, &ending, now).await;
        ended.map(|_| Next::Done).map_err(|error| error.to_string())
    }
}
