//! Steps, and what carries them out: `decide` says purely what comes next, a worker does it, the log remembers.
//!
//! A **step** ([`Step`]) is one thing to bring about. A **recipe** is a validated list of steps; their graph is read
//! from the types of their needs. A **job** is a recipe over one wish, on its way: its log is the only truth about it.

pub mod answer;
pub mod compare;
pub mod context;
mod erased;
pub mod needs;
pub mod recipe;
pub mod reference;
pub mod step;

pub use context::{Attempt, Context, Installation, Secrets, Subject};
pub use erased::AnyStep;
pub use needs::{Ledger, Needs, References, Values};
pub use recipe::Recipe;
pub use reference::Reference;
pub use step::{Found, Progress, Step, StepError, Undo};
