//! What a run stands on: a folder, the configuration of the portals in it, and the simulator that they start themselves.

use crate::Asked;
use crate::person::control;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How many times shorter than Azure's the waits are, where nothing is measured.
const SPEED: u32 = 200;

pub struct Stage {
    /// Data folder of every portal, so that they share simulator and sealing key.
    pub folder: PathBuf,
    pub programs: PathBuf,
    /// Kept where something went wrong, for whoever looks into it.
    keep: bool,
}

impl Stage {
    /// Writes the configuration: the embedded default with a quicker simulator and an image that needs no process.
    pub fn set(asked: &Asked) -> Result<Stage> {
        Stage::at(SPEED, asked)
    }

    /// The same at this speed.
    pub fn at(speed: u32, asked: &Asked) -> Result<Stage> {
        let folder = tempfile::Builder::new().prefix("keystead-chaos-").tempdir()?.keep();
        let embedded = asked.source.join("server/src/config/embedded.toml");
        let text = fs::read_to_string(&embedded).with_context(|| format!("reading {}", embedded.display()))?;
        let text = replaced(&text, r#""--speed", "30","#, &format!(r#""--speed", "{speed}","#))?;
        let text = replaced(&text, r#""--image", "registry.contoso.example/webapp:1.0.0=${programs}/webapp","#, "")?;
        let text = replaced(&text, "registry.contoso.example/webapp:1.0.0", "registry.contoso.example/pause:1.0.0")?;
        fs::write(folder.join("keystead.toml"), text)?;
        Ok(Stage { folder, programs: asked.programs.clone(), keep: false })
    }

    pub fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    pub fn config(&self) -> PathBuf {
        self.folder.join("keystead.toml")
    }

    /// What the simulator tells about itself; none before a portal has started it.
    fn told(&self) -> Result<Value> {
        let path = self.folder.join("azure/portal.json");
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("reading {}", path.display()))
    }

    /// Address of the simulator's control routes.
    pub fn control(&self) -> Result<String> {
        let told = self.told()?;
        told["control"]
            .as_str()
            .map(|url| url.trim_end_matches('/').to_owned())
            .context("the simulator tells no control")
    }

    /// Room for as many cores as a run asks for: a quota that is full is a cause of its own, which no run is about.
    pub fn make_room(&self) -> Result<()> {
        let url = format!("{}/quotas", self.control()?);
        for family in ["cores", "standardDSv5Family"] {
            let quota = json!({ "location": "westeurope", "family": family, "limit": 1_000_000 }).to_string();
            control("POST", &url, Some(&quota))?;
        }
        Ok(())
    }

    /// Runs the portal's own command on a database; its words, and whether it was content.
    pub fn keystead(&self, database: &str, arguments: &[&str]) -> Result<(bool, String)> {
        let mut command = Command::new(self.program("keystead"));
        command.arg("--config").arg(self.config()).args(arguments).current_dir(&self.folder);
        let done = command.env("KEYSTEAD__DATA", &self.folder).env("KEYSTEAD__DATABASE", database).output()?;
        let said = [done.stdout, done.stderr].concat();
        Ok((done.status.success(), String::from_utf8_lossy(&said).trim().to_owned()))
    }

    /// Processes whose command line or environment names the folder, with their command lines.
    pub fn processes(&self) -> Result<Vec<(i32, String)>> {
        let name = self.folder.display().to_string();
        let own = i32::try_from(std::process::id()).unwrap_or_default();
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc")?.flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else { continue };
            // One that has ended meanwhile names nothing.
            let read = |file: &str| fs::read(entry.path().join(file)).unwrap_or_default();
            let line = String::from_utf8_lossy(&read("cmdline")).replace('\0', " ");
            let environment = String::from_utf8_lossy(&read("environ")).into_owned();
            if pid != own && (line.contains(&name) || environment.contains(&name)) {
                found.push((pid, line.trim().to_owned()));
            }
        }
        Ok(found)
    }

    /// Leaves the folder behind.
    pub fn keep(&mut self) {
        self.keep = true;
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Whatever still runs here is ours, and an orderly end has been tried before.
        for (pid, _) in self.processes().unwrap_or_default() {
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL);
        }
        if self.keep {
            eprintln!("chaos: everything of it lies in {}", self.folder.display());
        } else {
            remove(&self.folder);
        }
    }
}

fn remove(folder: &Path) {
    if let Err(error) = fs::remove_dir_all(folder) {
        eprintln!("chaos: {} was not removed: {error}", folder.display());
    }
}

fn replaced(text: &str, from: &str, to: &str) -> Result<String> {
    if !text.contains(from) {
        bail!("the embedded configuration has no {from} any more: this program has to learn what it says now");
    }
    Ok(text.replace(from, to))
}
