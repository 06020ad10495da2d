//! The bell: tells whoever listens in any process that something changed; a hint only, the database has the truth.

use super::{Error, Store};
use domain::id::{EnvironmentId, JobId};
use sqlx::postgres::{PgListener, PgPool};
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, oneshot};

/// How many hints a slow listener may be behind; one who lost some looks at everything again.
pub(super) const KEPT: usize = 1024;

const CHANNEL: &str = "keystead";
/// PostgreSQL takes up to 8000 bytes in one message.
const LONGEST: usize = 7_500;
/// How long the last hints may take to leave when the store closes.
const FAREWELL: Duration = Duration::from_secs(2);

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A job's log or lines, or a new job.
    Job(JobId),
    /// A timer was set.
    Timer,
    /// An environment's state or its validation.
    Environment(EnvironmentId),
    /// A browser's session was written or ended; the hash under which it is kept.
    Session(String),
    /// A policy was switched.
    Policies,
    /// Hints of other processes may have been lost: look at everything.
    Any,
}

impl Change {
    fn line(&self) -> String {
        match self {
            Change::Job(id) => format!("job {id}"),
            Change::Timer => "timer".to_owned(),
            Change::Environment(id) => format!("environment {id}"),
            Change::Session(hash) => format!("session {hash}"),
            Change::Policies => "policies".to_owned(),
            Change::Any => "any".to_owned(),
        }
    }

    /// `None` for what only a newer version says.
    fn of_line(text: &str) -> Option<Change> {
        match text.split_once(' ') {
            Some(("job", id)) => Some(Change::Job(JobId::new(id))),
            Some(("environment", id)) => Some(Change::Environment(EnvironmentId::new(id))),
            Some(("session", hash)) => Some(Change::Session(hash.to_owned())),
            None if text == "timer" => Some(Change::Timer),
            None if text == "policies" => Some(Change::Policies),
            None if text == "any" => Some(Change::Any),
            _ => None,
        }
    }
}

impl Store {
    /// Every change from now on, in this process and, on PostgreSQL, in the others.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.0.bell.subscribe()
    }

    /// Rings the bell, after the commit. A hint that is lost costs a listener one round of its own slow clock. Other
    /// processes are told from a task of its own, several changes at a time: nobody waits for that.
    pub async fn announce(&self, change: Change) {
        if let Some(outbox) = &self.0.outbox {
            let _ = outbox.send(Parcel::Change(change.clone()));
        }
        let _ = self.0.bell.send(change);
    }

    /// Returns when everything announced so far has left, or could not.
    pub(super) async fn said_farewell(&self) {
        let Some(outbox) = &self.0.outbox else { return };
        let (left, all_left) = oneshot::channel();
        if outbox.send(Parcel::Last(left)).is_ok() {
            let _ = tokio::time::timeout(FAREWELL, all_left).await;
        }
    }
}

/// What goes to the task that tells other processes.
pub(super) enum Parcel {
    Change(Change),
    /// Answered once everything before it has left.
    Last(oneshot::Sender<()>),
}

/// Tells other replicas what is announced here: `NAME`, and a change on each further line.
pub(super) async fn tell(pool: PgPool, name: String, mut outbox: mpsc::UnboundedReceiver<Parcel>) {
    while let Some(first) = outbox.recv().await {
        let (mut changes, mut last): (Vec<Change>, _) = (Vec::new(), None);
        for parcel in std::iter::once(first).chain(std::iter::from_fn(|| outbox.try_recv().ok())) {
            match parcel {
                Parcel::Change(change) if changes.contains(&change) => {}
                Parcel::Change(change) => changes.push(change),
                Parcel::Last(left) => last = Some(left),
            }
        }
        for message in messages(&name, &changes) {
            let sent = sqlx::query("select pg_notify($1, $2)").bind(CHANNEL).bind(message).execute(&pool).await;
            if let Err(error) = sent {
                tracing::debug!(%error, "a hint to other replicas was not sent");
            }
        }
        if let Some(left) = last {
            let _ = left.send(());
        }
    }
}

fn messages(name: &str, changes: &[Change]) -> Vec<String> {
    let mut messages: Vec<String> = Vec::new();
    for line in changes.iter().map(Change::line) {
        match messages.last_mut().filter(|message| message.len() + line.len() < LONGEST) {
            Some(message) => {
                message.push('\n');
                message.push_str(&line);
            }
            None => messages.push(format!("{name}\n{line}")),
        }
    }
    messages
}

/// Passes on what other replicas announce; connects again by itself, and says then that hints may have been lost.
pub(super) async fn listen(pool: PgPool, name: String, bell: broadcast::Sender<Change>) {
    loop {
        if let Err(error) = hear(&pool, &name, &bell).await {
            tracing::debug!(%error, "hints of other replicas are not heard, connecting again");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn hear(pool: &PgPool, name: &str, bell: &broadcast::Sender<Change>) -> Result<(), Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    let _ = bell.send(Change::Any);
    loop {
        // Nothing where the connection was lost; it is there again by then.
        let Some(message) = listener.try_recv().await? else {
            let _ = bell.send(Change::Any);
            continue;
        };
        let Some((from, lines)) = message.payload().split_once('\n') else { continue };
        if from != name {
            lines.lines().filter_map(Change::of_line).for_each(|change| drop(bell.send(change)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_changes_travel_in_few_messages_and_arrive_as_they_were() {
        let of = |number: usize| match number % 4 {
            0 => Change::Timer,
            1 => Change::Job(JobId::new(format!("j-{number}"))),
            2 => Change::Environment(EnvironmentId::new(format!("e-{number}"))),
            _ => Change::Session(format!("{number:064x}")),
        };
        let changes: Vec<Change> = (0..1000).map(of).chain([Change::Policies, Change::Any]).collect();
        let messages = messages("r-1", &changes);
        assert!(messages.len() < 10 && messages.iter().all(|message| message.len() < 8000));
        let heard = messages.iter().flat_map(|message| message.split_once('\n').map(|(_, lines)| lines.lines()));
        let heard: Vec<Change> = heard.flatten().filter_map(Change::of_line).collect();
        assert_eq!(heard, changes);
        assert_eq!(Change::of_line("weather fine"), None, "of a newer version");
    }
}
