//! What those who watch a job are shown: made once for all who have the same rights, however many they are.

use super::super::Service;
use super::super::error::{failed, internal};
use super::rights;
use crate::store;
use crate::store::event::Journal;
use app::portal::Answer;
use domain::Moment;
use domain::account::Caller;
use domain::view::Can;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use tokio::sync::OnceCell;

/// Milliseconds for which the times in it are good enough for somebody who comes later.
const FRESH: i64 = 1_000;

/// One word of a reader's, as some of its watchers are shown it.
struct Shown {
    of: Weak<Journal>,
    rights: [Can; 4],
    since: Moment,
    text: Text,
}

/// Where the JSON of a `Whole` is put as soon as it is there.
type Text = Arc<OnceCell<Arc<str>>>;

#[derive(Default)]
pub(in super::super) struct Showing(Mutex<Vec<Shown>>);

impl Showing {
    fn place(&self, journal: &Arc<Journal>, rights: [Can; 4], now: Moment) -> Text {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|shown| shown.of.strong_count() > 0 && now.since(shown.since) < FRESH);
        let same = |shown: &&Shown| std::ptr::eq(shown.of.as_ptr(), Arc::as_ptr(journal)) && shown.rights == rights;
        if let Some(shown) = all.iter().find(same) {
            return Arc::clone(&shown.text);
        }
        let text = Text::default();
        all.push(Shown { of: Arc::downgrade(journal), rights, since: now, text: Arc::clone(&text) });
        text
    }
}

impl Service {
    /// The job as it stands for this caller, as JSON.
    pub(super) async fn shown(&self, caller: &Caller, journal: &Arc<Journal>) -> Answer<Arc<str>> {
        let text = self.showing.place(journal, rights(caller, journal), self.clock.now());
        // Boxed: whoever waits for a word that is there already is not to hold the room for making it.
        let made = text.get_or_try_init(|| {
            Box::pin(async {
                let earlier = store::took::earlier(&self.store).await.map_err(failed("reading earlier jobs"))?;
                let whole = self.whole_job(caller, journal, &earlier).await?;
                let text = serde_json::to_string(&whole).map_err(|error| internal("showing a job", &error))?;
                Ok(Arc::from(text))
            })
        });
        made.await.cloned()
    }
}
