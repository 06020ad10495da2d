//! A throw-away PostgreSQL for this test run: its own folder, its own user, reached over a socket in that folder.
//!
//! A shell holds the read end of a pipe whose write end only this process has. When this process ends, however it
//! ends, the shell reads the end of file, stops the server and removes the folder.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

pub struct Cluster {
    folder: PathBuf,
    /// Holds the write end of the pipe.
    _shell: Child,
}

/// The one of this run, started when it is first asked for.
pub fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(start)
}

impl Cluster {
    /// Makes an empty database and answers its address.
    pub fn database(&self, name: &str) -> String {
        self.run(&binary("createdb"), &["-h", &self.socket(), "-U", "keystead", name]);
        format!("postgres:///{name}?host={}&user=keystead", self.socket())
    }

    fn socket(&self) -> String {
        self.folder.display().to_string()
    }

    fn run(&self, program: &Path, arguments: &[&str]) {
        let done = as_user(&mut Command::new(program)).args(arguments).current_dir(&self.folder).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{} failed: {said}", program.display());
    }
}

fn start() -> Cluster {
    let folder = tempfile::Builder::new().prefix("keystead-postgres-").tempdir().unwrap().keep();
    if let Some(user) = user() {
        std::os::unix::fs::chown(&folder, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
    }
    let data = folder.join("data");
    let data_text = data.display().to_string();
    let made = as_user(&mut Command::new(binary("initdb")))
        .args(["-D", &data_text, "-U", "keystead", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"])
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "initdb failed: {}", String::from_utf8_lossy(&made.stderr));
    let script = r#"
        "$0" -D "$1/data" -k "$1" -c listen_addresses= -c fsync=off -c max_connections=300 >"$1/log" 2>&1 &
        server=$!
        read -r never
        kill -QUIT "$server"
        wait "$server"
        rm -rf "$1"
    "#;
    let mut shell = Command::new("sh");
    // A group of its own: an interrupt at the keyboard ends this process, and the end of file ends the server.
    let shell = as_user(&mut shell)
        .args(["-c", script])
        .arg(binary("postgres"))
        .arg(&folder)
        .current_dir(&folder)
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let cluster = Cluster { _shell: shell, folder };
    let ready = binary("pg_isready");
    let deadline = Instant::now() + Duration::from_secs(30);
    while !Command::new(&ready).args(["-q", "-h", &cluster.socket()]).status().unwrap().success() {
        let log = std::fs::read_to_string(cluster.folder.join("log")).unwrap_or_default();
        assert!(Instant::now() < deadline, "PostgreSQL did not start: {log}");
        std::thread::sleep(Duration::from_millis(50));
    }
    cluster
}

/// The server refuses to run as root.
fn user() -> Option<nix::unistd::User> {
    if !nix::unistd::geteuid().is_root() {
        return None;
    }
    let named = |name| nix::unistd::User::from_name(name).ok().flatten();
    Some(
        named("postgres")
            .or_else(|| named("nobody"))
            .expect("root needs a user postgres or nobody to run PostgreSQL as"),
    )
}

fn as_user(command: &mut Command) -> &mut Command {
    match user() {
        Some(user) => command.uid(user.uid.as_raw()).gid(user.gid.as_raw()),
        None => command,
    }
}

fn binary(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        versions.map(|version| version.path().join("bin").join(name)).filter(|file| file.is_file()).collect();
    found.sort();
    on_path.or_else(|| found.pop()).unwrap_or_else(|| {
        panic!("PostgreSQL’s program {name} is missing: install the server (on Debian: apt-get install postgresql)")
    })
}
