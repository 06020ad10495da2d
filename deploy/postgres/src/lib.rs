//! A throw-away PostgreSQL for tests: its own folder, its own user, reached over a socket in that folder.
//!
//! A shell holds the read end of a pipe whose write end only this process has. What is written there says how the server
//! is to be ended and started again; when this process ends, however it ends, the shell reads the end of file, stops the
//! server and removes the folder.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const LONGEST_START: Duration = Duration::from_secs(60);

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Error(String);

fn failed(doing: &str, error: &dyn std::fmt::Display) -> Error {
    Error(format!("{doing}: {error}"))
}

/// What a test asks of the server beyond being there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// Nothing of it outlives the machine's power; quicker.
    Careless,
    /// What was committed is on disk.
    Durable,
}

/// How a server ends before it starts again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It sends its clients away and closes its books.
    Orderly,
    /// It drops everything, as when its machine loses power.
    AtOnce,
}

pub struct Cluster {
    folder: PathBuf,
    shell: Mutex<Child>,
}

impl Cluster {
    /// Makes one and starts it. Its programs are found on the search path or where Debian puts them.
    pub fn start(care: Care) -> Result<Cluster, Error> {
        let folder = tempfile::Builder::new().prefix("keystead-postgres-").tempdir();
        let folder = folder.map_err(|error| failed("making a folder", &error))?.keep();
        if let Some(user) = user()? {
            std::os::unix::fs::chown(&folder, Some(user.uid.as_raw()), Some(user.gid.as_raw()))
                .map_err(|error| failed("giving a folder away", &error))?;
        }
        let data = folder.join("data").display().to_string();
        let arguments = ["-D", &data, "-U", "keystead", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
        output(as_user(&mut Command::new(binary("initdb")?))?.args(arguments).current_dir(&folder))?;
        let fsync = if care == Care::Durable { "on" } else { "off" };
        let script = r#"
            start() {
                "$1" -D "$2/data" -k "$2" -c listen_addresses= -c fsync="$3" -c max_connections=300 >>"$2/log" 2>&1 &
                server=$!
            }
            start "$@"
            while read -r signal; do
                kill -"$signal" "$server"
                wait "$server"
                start "$@"
            done
            kill -QUIT "$server"
            wait "$server"
            rm -rf "$2"
        "#;
        let mut shell = Command::new("sh");
        let shell = as_user(&mut shell)?
            .args(["-c", script, "sh"])
            .arg(binary("postgres")?)
            .arg(&folder)
            .arg(fsync)
            .current_dir(&folder)
            // A group of its own: an interrupt at the keyboard ends this process, and the end of file ends the server.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| failed("starting a shell", &error))?;
        let cluster = Cluster { shell: Mutex::new(shell), folder };
        cluster.until_ready(None)?;
        Ok(cluster)
    }

    /// Makes an empty database and answers its address.
    pub fn database(&self, name: &str) -> Result<String, Error> {
        output(Command::new(binary("createdb")?).args(["-h", &self.socket(), "-U", "keystead", name]))?;
        Ok(format!("postgres:///{name}?host={}&user=keystead", self.socket()))
    }

    /// Rows of a statement, each column as text; through PostgreSQL's own client.
    pub fn rows(&self, database: &str, statement: &str) -> Result<Vec<Vec<String>>, Error> {
        const BETWEEN: char = '\u{1f}';
        let arguments = ["-h", &self.socket(), "-U", "keystead", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"];
        let mut client = Command::new(binary("psql")?);
        client.args(arguments).args(["-F", &BETWEEN.to_string(), "-d", database, "-c", statement]);
        let text = output(&mut client)?;
        Ok(text.lines().map(|line| line.split(BETWEEN).map(str::to_owned).collect()).collect())
    }

    /// Ends the server and starts it again; returns when it answers.
    pub fn restart(&self, end: End) -> Result<(), Error> {
        let before = self.process();
        let signal = if end == End::Orderly { "INT\n" } else { "QUIT\n" };
        let mut shell = self.shell.lock().unwrap_or_else(PoisonError::into_inner);
        let told = shell.stdin.as_mut().map(|pipe| pipe.write_all(signal.as_bytes()).and_then(|()| pipe.flush()));
        told.transpose().map_err(|error| failed("telling PostgreSQL's shell", &error))?;
        drop(shell);
        self.until_ready(before)
    }

    fn socket(&self) -> String {
        self.folder.display().to_string()
    }

    /// Process id of the server, as it wrote it itself.
    fn process(&self) -> Option<String> {
        let text = std::fs::read_to_string(self.folder.join("data/postmaster.pid")).ok()?;
        text.lines().next().map(str::to_owned)
    }

    /// Until a server answers that is not the one before.
    fn until_ready(&self, before: Option<String>) -> Result<(), Error> {
        let ready = binary("pg_isready")?;
        let deadline = Instant::now() + LONGEST_START;
        loop {
            let another = self.process().is_some_and(|process| Some(process) != before);
            if another && output(Command::new(&ready).args(["-q", "-h", &self.socket()])).is_ok() {
                return Ok(());
            }
            if Instant::now() > deadline {
                let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                return Err(Error(format!("PostgreSQL did not start: {log}")));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let shell = self.shell.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(shell.stdin.take());
        let _ = shell.wait();
    }
}

/// The server refuses to run as root.
fn user() -> Result<Option<nix::unistd::User>, Error> {
    if !nix::unistd::geteuid().is_root() {
        return Ok(None);
    }
    let named = |name| nix::unistd::User::from_name(name).ok().flatten();
    let missing = || Error("root needs a user postgres or nobody to run PostgreSQL as".to_owned());
    named("postgres").or_else(|| named("nobody")).map(Some).ok_or_else(missing)
}

fn as_user(command: &mut Command) -> Result<&mut Command, Error> {
    Ok(match user()? {
        Some(user) => command.uid(user.uid.as_raw()).gid(user.gid.as_raw()),
        None => command,
    })
}

/// What a program prints; an error where it fails.
fn output(command: &mut Command) -> Result<String, Error> {
    let name = Path::new(command.get_program()).display().to_string();
    let done = command.stdin(Stdio::null()).output().map_err(|error| failed(&format!("starting {name}"), &error))?;
    if !done.status.success() {
        return Err(Error(format!("{name} failed: {}", String::from_utf8_lossy(&done.stderr).trim())));
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
}

fn binary(name: &str) -> Result<PathBuf, Error> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        versions.map(|version| version.path().join("bin").join(name)).filter(|file| file.is_file()).collect();
    found.sort();
    let missing = || {
        Error(format!(
            "PostgreSQL’s program {name} is missing: install the server (on Debian: apt-get install postgresql)"
        ))
    };
    on_path.or_else(|| found.pop()).ok_or_else(missing)
}
