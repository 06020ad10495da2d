//! One portal as a process: started, killed, stopped, let go on, ended in order.

use crate::stage::Stage;
use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::{self, File, OpenOptions};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const LONGEST_START: Duration = Duration::from_secs(90);
const LONGEST_END: Duration = Duration::from_secs(40);

pub struct Replica {
    pub name: String,
    database: String,
    /// `127.0.0.1:PORT`, the same after each start.
    listen: String,
    child: Option<Child>,
    /// It has said since its start that it serves.
    served: bool,
    pub stopped: bool,
}

impl Replica {
    pub fn new(name: impl Into<String>, database: String) -> Replica {
        let name = name.into();
        Replica { name, database, listen: "127.0.0.1:0".to_owned(), child: None, served: false, stopped: false }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.listen)
    }

    /// Whether it can be asked.
    pub fn serves(&self) -> bool {
        self.child.is_some() && self.served && !self.stopped
    }

    /// What `/proc` says of its memory, in KB: `VmRSS` now, `VmHWM` at most so far.
    pub fn memory(&self, field: &str) -> Result<u64> {
        let id = self.child.as_ref().context("it does not run")?.id();
        let status = fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'));
        let word = line.and_then(|line| line.split_whitespace().next()).with_context(|| format!("no {field}"))?;
        Ok(word.parse()?)
    }

    pub fn has_served(&self) -> bool {
        self.served
    }

    pub fn runs(&self) -> bool {
        self.child.is_some()
    }

    /// Starts it without waiting for it.
    pub fn launch(&mut self, stage: &Stage) -> Result<()> {
        let out = stage.folder.join(format!("{}.out", self.name));
        let log = OpenOptions::new().create(true).append(true).open(stage.folder.join(format!("{}.log", self.name)))?;
        let child = Command::new(stage.program("keystead"))
            .arg("--config")
            .arg(stage.config())
            .current_dir(&stage.folder)
            .env("KEYSTEAD__DATA", &stage.folder)
            .env("KEYSTEAD__DATABASE", &self.database)
            .env("KEYSTEAD__LISTEN", &self.listen)
            // Everybody comes from one address, and two people do what a thousand would.
            .env("KEYSTEAD__LIMITS__PERSON_A_MINUTE", "0")
            .env("KEYSTEAD__LIMITS__TOKEN_A_MINUTE", "0")
            .env("KEYSTEAD__LIMITS__STRANGER_A_MINUTE", "0")
            .env("KEYSTEAD__LIMITS__SIGN_IN_A_MINUTE", "0")
            .env("RUST_BACKTRACE", "1")
            .stdin(Stdio::null())
            .stdout(File::create(&out)?)
            .stderr(log)
            .spawn()
            .context("starting keystead")?;
        self.child = Some(child);
        (self.served, self.stopped) = (false, false);
        Ok(())
    }

    /// Notices that it serves.
    pub fn look(&mut self, stage: &Stage) -> bool {
        if self.child.is_none() || self.served {
            return self.served;
        }
        let said = fs::read_to_string(stage.folder.join(format!("{}.out", self.name))).unwrap_or_default();
        if let Some(url) = said.split("serving at ").nth(1).and_then(|rest| rest.lines().next()) {
            self.listen = url.trim().trim_start_matches("http://").to_owned();
            self.served = true;
        }
        self.served
    }

    /// Waits until it serves.
    pub fn ready(&mut self, stage: &Stage) -> Result<()> {
        let deadline = Instant::now() + LONGEST_START;
        while !self.look(stage) {
            let ended = self.child.as_mut().map(Child::try_wait).transpose()?.flatten();
            if ended.is_some() || Instant::now() > deadline {
                let log = fs::read_to_string(stage.folder.join(format!("{}.log", self.name))).unwrap_or_default();
                let last: Vec<&str> = log.lines().rev().take(5).collect();
                bail!("{} does not serve ({ended:?}): {}", self.name, last.join(" | "));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Starts it and waits until it serves.
    pub fn start(&mut self, stage: &Stage) -> Result<()> {
        self.launch(stage)?;
        self.ready(stage)
    }

    /// As when its machine loses power.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        self.stopped = false;
    }

    pub fn stop(&mut self) {
        self.signal(Signal::SIGSTOP);
        self.stopped = true;
    }

    pub fn go_on(&mut self) {
        self.signal(Signal::SIGCONT);
        self.stopped = false;
    }

    /// In order; false where it had to be killed.
    pub fn end(&mut self) -> Result<bool> {
        self.go_on();
        self.signal(Signal::SIGTERM);
        let Some(mut child) = self.child.take() else { return Ok(true) };
        let deadline = Instant::now() + LONGEST_END;
        while child.try_wait()?.is_none() {
            if Instant::now() > deadline {
                child.kill()?;
                child.wait()?;
                return Ok(false);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(true)
    }

    /// Whether it has ended without being told to; it is then gone.
    pub fn has_broken(&mut self) -> bool {
        let ended = self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(Some(_))));
        if ended {
            self.child = None;
            self.stopped = false;
        }
        ended
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = self.child.as_ref().and_then(|child| i32::try_from(child.id()).ok()) {
            let _ = kill(Pid::from_raw(pid), signal);
        }
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.kill();
    }
}
