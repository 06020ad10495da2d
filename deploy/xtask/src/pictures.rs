//! Takes the pictures of the README anew, of a real portal in a real browser.

use anyhow::{Result, bail};

use crate::phases::Phases;
use crate::{build, place, run, setup};

/// `cargo xtask pictures`
pub fn run(arguments: &[String]) -> Result<()> {
    if !arguments.is_empty() {
        bail!("pictures takes nothing, not {}", arguments.join(" "));
    }
    let phases = Phases::default();
    let chromium = setup::chromium()?;
    build::debug(&phases)?;
    phases.run("npm packages", || setup::npm("end2end"))?;
    let folder = place::root().join("end2end");
    let mut playwright = run::command(folder.join("node_modules/.bin/playwright"));
    playwright.args(["test", "--config", "pictures.config.ts"]).current_dir(&folder);
    playwright.env("CHROMIUM", chromium).env("KEYSTEAD_PROGRAMS", place::target().join("debug"));
    phases.run("pictures", || run::loud(&mut playwright))
}
