//! Says what is being done and how long it took.

use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

use anyhow::{Context, Result};
use serde::Serialize;

/// The phases of one run, in the order in which they ended.
#[derive(Default)]
pub struct Phases {
    done: Mutex<Vec<Phase>>,
}

#[derive(Clone, Serialize)]
pub struct Phase {
    pub name: String,
    pub seconds: f64,
    pub ok: bool,
}

impl Phases {
    /// Does something with a name, and tells before and after.
    pub fn run<T>(&self, name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        eprintln!("==> {name} ...");
        let begun = Instant::now();
        let result = work();
        let seconds = (begun.elapsed().as_secs_f64() * 10.0).round() / 10.0;
        let word = if result.is_ok() { "took" } else { "FAILED after" };
        eprintln!("==> {name} {word} {seconds:.1} s");
        let phase = Phase { name: name.to_owned(), seconds, ok: result.is_ok() };
        self.done().push(phase);
        result.with_context(|| name.to_owned())
    }

    /// Writes the phases as JSON: an array of `{"name", "seconds", "ok"}`.
    pub fn write(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, serde_json::to_string_pretty(&*self.done())? + "\n")
            .with_context(|| format!("writing {}", path.display()))
    }

    /// The phases as lines, the longest names aligned.
    pub fn table(&self) -> String {
        let done = self.done();
        let width = done.iter().map(|phase| phase.name.len()).max().unwrap_or(0);
        let line = |phase: &Phase| {
            let verdict = if phase.ok { "" } else { "  FAILED" };
            format!("  {:width$}  {:7.1} s{verdict}\n", phase.name, phase.seconds)
        };
        done.iter().map(line).collect()
    }

    fn done(&self) -> std::sync::MutexGuard<'_, Vec<Phase>> {
        self.done.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
