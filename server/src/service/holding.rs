//! An environment held while it is changed, against the state that the change is meant for.

use super::{Service, expected};
use crate::store::{self, Tx};
use app::portal::Answer;
use domain::id::{EnvironmentId, RequestId};
use domain::view::environment::Row;
use domain::wish::Wish;
use serde::Serialize;

/// The fields of `domain::view::environment::Whole` by which its tag is made, under the same names.
#[derive(Serialize)]
struct Known<'a> {
    row: Row,
    wish: &'a Wish,
    waits: Option<&'a RequestId>,
    released: Option<&'a RequestId>,
    request: &'a RequestId,
}

impl Service {
    /// From here to the commit nobody else changes it or asks for a change; refused where it is another one by now than
    /// the change is meant for. The request that waits for it, where one does.
    pub(super) async fn hold_environment(
        &self,
        tx: &mut Tx,
        id: &EnvironmentId,
    ) -> Result<Answer<Option<RequestId>>, store::Error> {
        let (environment, asked) = store::environment::hold(tx, id).await?;
        let held = expected::hold("environments", || Known {
            row: self.row_of(&environment),
            wish: &environment.wish,
            waits: asked.waits.as_ref(),
            released: asked.released.as_ref(),
            request: &asked.first,
        });
        Ok(held.map(|()| asked.waits))
    }
}
