//! The bell: tells whoever listens in any process that something changed; a hint only, the database has the truth.

use super::{Both, Store};
use domain::id::{EnvironmentId, JobId};
use sqlx::postgres::{PgListener, PgPool};
use tokio::sync::broadcast;

/// How many hints a slow listener may be behind; one who lost some looks at everything again.
pub(super) const KEPT: usize = 1024;

const CHANNEL: &str = "keystead";

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A job's log or lines, or a new job.
    Job(JobId),
    /// A timer was set.
    Timer,
    /// An environment's state or its validation.
    Environment(EnvironmentId),
}

impl Change {
    fn payload(&self) -> String {
        match self {
            Change::Job(id) => format!("job {id}"),
            Change::Timer => "timer".to_owned(),
            Change::Environment(id) => format!("environment {id}"),
        }
    }

    fn of_payload(text: &str) -> Option<Change> {
        match text.split_once(' ') {
            Some(("job", id)) => Some(Change::Job(JobId::new(id))),
            Some(("environment", id)) => Some(Change::Environment(EnvironmentId::new(id))),
            None if text == "timer" => Some(Change::Timer),
            _ => None,
        }
    }
}

impl Store {
    /// Every change from now on, in this process and, on PostgreSQL, in the others.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.0.bell.subscribe()
    }

    /// Rings the bell, after the commit. A hint that is lost costs a listener one round of its own slow clock.
    pub async fn announce(&self, change: Change) {
        let payload = change.payload();
        let _ = self.0.bell.send(change);
        if let Both::Postgres(pool) = &self.0.write {
            let sent = sqlx::query("select pg_notify($1, $2)").bind(CHANNEL).bind(payload).execute(pool).await;
            if let Err(error) = sent {
                tracing::debug!(%error, "a hint to other replicas was not sent");
            }
        }
    }
}

/// Passes on what other replicas announce; reconnects by itself.
pub(super) async fn listen(pool: PgPool, bell: broadcast::Sender<Change>) {
    loop {
        let listening = async {
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.listen(CHANNEL).await?;
            loop {
                let note = listener.recv().await?;
                if let Some(change) = Change::of_payload(note.payload()) {
                    let _ = bell.send(change);
                }
            }
        };
        let ended: Result<std::convert::Infallible, sqlx::Error> = listening.await;
        let Err(error) = ended;
        tracing::debug!(%error, "hints of other replicas are not heard, connecting again");
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
}
