//! How far the upgrade of a pool has come: a lane for each node that is being replaced at the same time.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How far the upgrade of a pool has come.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Progress {
    pub pool: String,
    pub lanes: Vec<Lane>,
    /// Why a node of the pool was left closed as it was.
    pub left: Option<String>,
    /// Why no further node is begun: the upgrade ends once what is being replaced stands.
    pub failed: Option<String>,
}

/// What is going on with one node.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Lane {
    /// None while machines are added.
    pub node: String,
    pub step: Step,
    pub since: Timestamp,
    /// When it is to be looked at again.
    pub due: Timestamp,
}

/// What is done to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Machines are added.
    Surge,
    /// A node is emptied.
    Drain,
    /// It gets its new image.
    Replace,
    /// It is looked at for a while before the next.
    Soak,
    /// An added machine is emptied, to be taken away.
    Leave,
}

impl Progress {
    pub fn of(pool: &str) -> Self {
        Self { pool: pool.to_owned(), lanes: Vec::new(), left: None, failed: None }
    }

    /// When the next lane is due.
    pub fn due(&self) -> Option<Timestamp> {
        self.lanes.iter().map(|lane| lane.due).min()
    }

    pub fn has(&self, step: Step) -> bool {
        self.lanes.iter().any(|lane| lane.step == step)
    }

    pub fn is_about(&self, node: &str) -> bool {
        self.lanes.iter().any(|lane| lane.node == node)
    }

    /// The nodes that are not there, because they get their new image.
    pub fn absent(&self) -> Vec<String> {
        self.lanes.iter().filter(|lane| lane.step == Step::Replace).map(|lane| lane.node.clone()).collect()
    }
}
