//! Where things are: the source tree, what cargo compiles into, what the tasks write.

use std::env;
use std::path::{Path, PathBuf};

/// The root of the source tree. Cargo says at run time where this program's manifest is; what was true when it was
/// compiled may be another clone that shares the target folder.
pub fn root() -> PathBuf {
    let manifest = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let here = Path::new(&manifest).join("../..");
    here.canonicalize().unwrap_or(here)
}

/// What cargo compiles into: `CARGO_TARGET_DIR`, otherwise `target`. Under `CI` a folder of the home's cache, so that
/// a second run finds its dependencies compiled; nothing depends on it being there.
pub fn target() -> PathBuf {
    if let Some(folder) = env::var_os("CARGO_TARGET_DIR").filter(|folder| !folder.is_empty()) {
        return root().join(folder);
    }
    if is_cached()
        && let Some(home) = env::var_os("HOME")
    {
        return Path::new(&home).join(".cache/keystead/target");
    }
    root().join("target")
}

/// Whether [`target`] is shared with earlier clones.
pub fn is_cached() -> bool {
    env::var_os("CI").is_some() && env::var_os("CARGO_TARGET_DIR").is_none_or(|folder| folder.is_empty())
}

/// A program of ours, built in a profile ("debug" or "release").
pub fn program(profile: &str, name: &str) -> PathBuf {
    target().join(profile).join(name)
}

/// The page's files, read by the crate `site`.
pub fn site() -> PathBuf {
    root().join("target/site")
}

/// What the tasks remember between two runs, and their logs.
pub fn memory() -> PathBuf {
    root().join("target/xtask")
}
