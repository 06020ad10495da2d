//! Steps, and what carries them out: `decide` says purely what comes next, a worker does it, the log remembers.
//!
//! A **step** ([`Step`]) is one thing to bring about. A **recipe** is a validated list of steps; their graph is read
//! from the types of their needs. A **job** is a recipe over one wish, on its way: its log is the only truth about it.
//! What comes next is said by [`domain::job::decide`], a pure function of the log. A **worker** claims jobs that are
//! due; a **driver** owns the log of one of them while its lease holds; a **deed** is one call of one step.

pub mod answer;
pub mod compare;
pub mod context;
mod deed;
mod drift;
mod driver;
mod erased;
mod hints;
pub mod lease;
pub mod live;
pub mod needs;
pub mod place;
mod plan;
pub mod recipe;
pub mod reference;
pub mod refusal;
pub mod step;
mod usual;
pub mod watch;
mod worker;

pub use context::{Approved, Attempt, Context, Installation, Secrets, Subject};
pub use erased::{AnyStep, Verdict};
pub use lease::Pace;
pub use live::{Heard, Live};
pub use needs::{Ledger, Needs, References, Values};
pub use recipe::{Recipe, Standing};
pub use reference::Reference;
pub use step::{Found, Progress, Step, StepError, Undo};
pub use watch::Watch;

use crate::clock::Clock;
use crate::seal::Seal;
use crate::store::{Error, Store};
use azure::Azure;
use domain::name::TeamName;
use domain::team::Team;
use std::sync::atomic::AtomicBool;
use tokio::sync::OnceCell;

/// What the engine works with.
#[derive(Clone)]
pub struct Parts {
    pub store: Store,
    pub clock: Clock,
    pub azure: Azure,
    pub seal: Seal,
    pub recipes: Vec<Recipe>,
    pub teams: Vec<Team>,
    pub pace: Pace,
    /// Jobs in hand at the same time.
    pub at_once: usize,
    /// Where it is known beforehand; else Azure is asked once.
    pub installation: Option<Installation>,
}

/// Carries out jobs: `Arc::new(Engine::new(parts)).run(stop)`.
pub struct Engine {
    store: Store,
    clock: Clock,
    azure: Azure,
    seal: Seal,
    recipes: Vec<Recipe>,
    teams: Vec<Team>,
    pace: Pace,
    at_once: usize,
    hints: hints::Hints,
    usual: usual::Usual,
    /// As many jobs are in hand as may be, so that others wait for one that could be let go.
    crowded: AtomicBool,
    installation: OnceCell<Installation>,
}

impl Engine {
    pub fn new(parts: Parts) -> Engine {
        Engine {
            store: parts.store,
            clock: parts.clock,
            azure: parts.azure,
            seal: parts.seal,
            recipes: parts.recipes,
            teams: parts.teams,
            pace: parts.pace,
            at_once: parts.at_once,
            hints: hints::Hints::default(),
            usual: usual::Usual::default(),
            crowded: AtomicBool::new(false),
            installation: OnceCell::new_with(parts.installation),
        }
    }

    /// Who and where Keystead is on Azure, as its own token says.
    pub async fn installation(&self) -> Result<Installation, StepError> {
        let asked = self.installation.get_or_try_init(|| async {
            let me = self.azure.me().await?;
            Ok::<_, StepError>(Installation::of(&me, self.azure.subscription()))
        });
        asked.await.cloned()
    }

    /// The recipe that a job was begun with; none where only another version of Keystead has it.
    pub fn recipe(&self, name: &str) -> Option<&Recipe> {
        self.recipes.iter().find(|recipe| recipe.name() == name)
    }

    fn team(&self, name: &TeamName) -> Result<&Team, Error> {
        let found = self.teams.iter().find(|team| team.name == *name);
        found.ok_or_else(|| Error::Database(format!("team {name} is not configured any more")))
    }
}
