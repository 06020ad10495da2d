//! Keeps the state folder: one simulator at a time, its ports, and the files that tell others about it.
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::StartError;
use crate::machines;
use crate::metadata::app_service;
use crate::seed::{self, SETTINGS};
use crate::state::State;
use crate::world::World;

/// Makes the folder, readable by its owner alone: the state holds keys and secrets.
pub fn make(folder: &Path) -> Result<(), StartError> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| StartError::new(format!("making the state folder {}", folder.display()), error))
}

/// Held while a simulator serves the folder; the system lets go of it when the process ends, however it ends.
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Makes the folder and takes its lock.
    pub fn take(folder: &Path) -> Result<Self, StartError> {
        let doing = || format!("opening the state folder {}", folder.display());
        make(folder)?;
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(folder.join("lock"));
        let file = file.map_err(|error| StartError::new(doing(), error))?;
        match file.try_lock() {
            Ok(()) => {
                // What the last one told is no longer true.
                let _ = std::fs::remove_file(folder.join("portal.json"));
                Ok(Self { _file: file })
            }
            Err(TryLockError::WouldBlock) => Err(StartError::new(doing(), "another simulator serves it already")),
            Err(TryLockError::Error(error)) => Err(StartError::new(doing(), error)),
        }
    }

    /// Whether a simulator serves the folder now.
    pub fn is_held(folder: &Path) -> bool {
        let Ok(file) = File::open(folder.join("lock")) else {
            return false;
        };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }
}

/// Listens on 127.0.0.1 at `port`, or at the port of last time, or at a free one, and remembers which.
pub(crate) async fn listen(state: &State, name: &str, port: Option<u16>) -> Result<(TcpListener, u16), StartError> {
    let doing = |port: u16| format!("listening on 127.0.0.1:{port}");
    let last = state.get(SETTINGS, name).and_then(|last| last.as_u64()).and_then(|last| u16::try_from(last).ok());
    let listener = match (port, last) {
        (Some(port), _) => {
            TcpListener::bind(("127.0.0.1", port)).await.map_err(|error| StartError::new(doing(port), error))?
        }
        (None, last) => match TcpListener::bind(("127.0.0.1", last.unwrap_or(0))).await {
            Ok(listener) => listener,
            Err(error) => {
                tracing::warn!(%error, name, port = last, "the port of last time is taken, another one is used");
                TcpListener::bind(("127.0.0.1", 0)).await.map_err(|error| StartError::new(doing(0), error))?
            }
        },
    };
    let port = listener.local_addr().map_err(|error| StartError::new(doing(0), error))?.port();
    state.put(SETTINGS, name, json!(port)).await.map_err(|error| StartError::new("writing the state", error))?;
    Ok((listener, port))
}

/// Writes `ca.pem`, `ca-bundle.pem` and `portal.json`.
pub(crate) fn write_files(world: &World) -> Result<(), StartError> {
    let write = |name: &str, text: &str, mode: u32| {
        let path = world.folder.join(name);
        write_whole(&path, text, mode).map_err(|error| StartError::new(format!("writing {}", path.display()), error))
    };
    let mut bundle = world.authority.pem().to_owned();
    let system = rustls_native_certs::load_native_certs();
    for certificate in &system.certs {
        bundle.push_str(&pem(certificate));
    }
    write("ca.pem", world.authority.pem(), 0o644)?;
    write("ca-bundle.pem", &bundle, 0o644)?;
    write("exports.json", &format!("{:#}\n", exports(world)), 0o600)?;
    write("portal.json", &format!("{:#}\n", ready(world)), 0o600)
}

/// The environment variables that lead any program here, with a service principal that owns the subscription.
pub fn exports(world: &World) -> Value {
    let owner = seed::owner(world);
    let bundle = absolute(&world.folder.join("ca-bundle.pem"));
    let proxy = format!("http://localhost:{}", world.door_port);
    json!({
        "HTTPS_PROXY": proxy,
        "HTTP_PROXY": proxy,
        "NO_PROXY": "127.0.0.1",
        "SSL_CERT_FILE": bundle,
        "REQUESTS_CA_BUNDLE": bundle,
        "NODE_EXTRA_CA_CERTS": bundle,
        "AZURE_SIMULATOR_RESOURCE_MANAGER": world.loopback.resource_manager(),
        "AZURE_TENANT_ID": world.tenant,
        "AZURE_SUBSCRIPTION_ID": world.subscription,
        "AZURE_CLIENT_ID": owner.as_ref().and_then(|owner| owner.app_id),
        "AZURE_CLIENT_SECRET": owner.and_then(|owner| owner.secret),
    })
}

/// What is told about a running simulator; README documents every field.
pub(crate) fn ready(world: &World) -> Value {
    let portal = world.state.read(|draft| machines::find(draft, "portal"));
    let key = portal.as_ref().map(|portal| portal.key.clone()).unwrap_or_default();
    let teams: Vec<Value> = seed::TEAMS
        .iter()
        .map(|team| json!({"name": team.name, "title": team.title, "group": seed::group_of(team)}))
        .collect();
    let mut ready = json!({
        "process": std::process::id(),
        "folder": world.folder,
        "speed": world.clock.speed(),
        "control": format!("http://127.0.0.1:{}", world.door_port),
        "azure": {
            "tenant_id": world.tenant,
            "subscription_id": world.subscription,
            "proxy": world.proxy_address("portal", &key),
            "extra_ca": absolute(&world.folder.join("ca.pem")),
        },
        "managed_identity": portal.map(|portal| app_service::variables(world, &portal)),
        "loopback": world.loopback.told(),
        "teams": teams,
    });
    if let (Some(ready), Value::Object(facts)) = (ready.as_object_mut(), world.facts.all()) {
        ready.extend(facts);
    }
    ready
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Written beside and moved into place, so that a reader never sees half of it.
fn write_whole(path: &Path, text: &str, mode: u32) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    let _ = std::fs::remove_file(&beside);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
    file.write_all(text.as_bytes())?;
    std::fs::rename(&beside, path)
}

fn pem(certificate: &[u8]) -> String {
    use base64::Engine;
    let body = base64::engine::general_purpose::STANDARD.encode(certificate);
    let lines: Vec<&str> = body.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

/// What the simulator that serves, or last served, a folder has told: `portal.json` or `exports.json`.
pub fn told(folder: &Path, name: &str) -> Result<Value, StartError> {
    let path = folder.join(name);
    let doing = || format!("reading {}", path.display());
    let text = std::fs::read_to_string(&path).map_err(|error| StartError::new(doing(), error))?;
    serde_json::from_str(&text).map_err(|error| StartError::new(doing(), error))
}
