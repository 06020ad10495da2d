//! Simulates Azure as a consumer of its APIs sees it: real names behind a forward proxy, real protocols, real waits.
//!
//! # A map
//! - [`Simulator`] starts and stops one [`World`]: clock, state, keys, parts.
//! - [`door`] is the proxy. It looks up the [`parts::Site`] that answers for a host name and hands the request to its
//!   axum routes, after [`faults`]. [`loopback`] is the same without a proxy, at addresses of this machine.
//! - [`arm`], [`entra`], [`graph`], [`metadata`], [`vault`] are services; further ones stand beside them.
//! - Every request to [`arm`] passes, in this order: token; rate limits; [`roles`] with their
//!   conditions; the subscription's state and [`locks`]; [`policy`] for a write; then its kind. What came of it is
//!   written into the [`activity`] log, and a list is cut into pages.
//! - What is paid for by the hour is noted where resources are written and removed; [`costs`] tells it.
//! - [`control`] is what people and tests use to look at the world ([`picture`]) and to change it ([`settings`]).
//! - [`config`] is all that a file can say about it beforehand.
//! - `seed` makes what is there from the start; [`clock`] divides waits by the speed and leaves the calendar alone.
//!
//! # How a service attaches
//! A service is a module with `pub fn attach(parts: &mut Parts)`, called in [`attach_all`]. It adds
//! - [`parts::Kind`]: one type of ARM resource. ARM has already checked token, api-version, the caller's roles,
//!   provider registration, group and parent. A kind reads and writes in one `world.state.change(|draft| …)` with
//!   [`resources::find`], [`resources::put`], [`resources::remove`] and answers with [`arm::Answer`]. Locks, policies,
//!   paging, times and the activity log need nothing from it.
//!   GET, DELETE and lists have defaults over the kept document. `ask.canonical` is the id to write.
//! - a **long-running operation**: in that same change `Operation::begin(draft, &world.clock, KIND, &ask.canonical,
//!   "create", Duration::from_secs(240))` (Azure's duration; set `operation.arguments = json!({"location": …})` and
//!   `operation.put(draft)` for more), then return `Answer::Long`. ARM adds the headers and answers the polls; when the
//!   time has come, also after a restart, [`parts::Kind::complete`] brings the effect about; where that refuses, or a
//!   fault says so, [`parts::Kind::fail`] leaves what Azure leaves. One that comes in parts says in
//!   [`parts::Kind::proceed`] when it goes on.
//! - [`parts::Function`]: a path of a provider that is no resource (`{namespace}/register`,
//!   `Microsoft.Compute/locations/{location}/usages`).
//! - [`parts::Site`]: a host or a family of hosts with an axum router, its own TLS if need be. Requests carry
//!   [`door::HostName`] and [`door::Asker`] as extensions.
//! - [`parts::Start`]: a listener or a loop. It watches `world.stopping`, reads `world.state.changes()`, may keep
//!   documents in collections of its own, and tells the portal what it learns by `world.facts.add("database", json!(…))`.
//!
//! Further tools: [`roles::allows`] (control and data actions), [`arm::verify_bearer`] (a token for an audience),
//! [`directory`] (principals; `Principal::managed_identity`), [`machines`] (credentials in a proxy address, and the ARM
//! resource whose `identity` the machine has), [`entra::federation`] (the issuers whose tokens a federated credential
//! may name: write `{}` into the collection `issuers` under the issuer's URL; the assertion is signed with
//! `world.tokens.sign(issuer, claims)`), [`authority::Authority`] (a certificate authority of one's own),
//! [`process`] (children that never outlive the simulator).
//!
//! Whatever makes a client wait takes its end from [`World::hold`], which notes it and lets faults make it longer;
//! operations are noted by themselves.
//!
//! Private notes beside a resource lie in [`resources::Resource::private`]; `"effective": TIME` there is when a role
//! assignment or a federated credential begins to count.
pub mod activity;
pub mod addresses;
pub mod aks;
pub mod arm;
pub mod authority;
pub mod clock;
pub mod compute;
pub mod config;
pub mod control;
pub mod costs;
pub mod database;
pub mod directory;
pub mod door;
pub mod echo;
pub mod entra;
pub mod faults;
pub mod folder;
pub mod graph;
pub mod html;
pub mod identities;
pub mod kubernetes;
pub mod locks;
pub mod log_analytics;
pub mod loopback;
pub mod machines;
pub mod metadata;
pub mod operations;
pub mod parts;
pub mod picture;
pub mod place;
pub mod policy;
pub mod prices;
pub mod process;
pub mod providers;
pub mod registries;
pub mod requests;
pub mod resources;
pub mod roles;
pub mod seed;
pub mod settings;
pub mod shape;
pub mod state;
pub mod tokens;
pub mod vault;
pub mod waits;
pub mod world;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

pub use clock::Clock;
pub use config::Config;
pub use parts::Parts;
pub use world::World;

/// Why a simulator could not start.
#[derive(Debug, thiserror::Error)]
#[error("{doing} failed: {why}")]
pub struct StartError {
    doing: String,
    why: String,
}

impl StartError {
    /// An error while doing that.
    pub fn new(doing: impl Into<String>, why: impl std::fmt::Display) -> Self {
        Self { doing: doing.into(), why: why.to_string() }
    }
}

/// How a simulator is started.
pub struct Options {
    /// The folder of its state, made where it is missing.
    pub folder: PathBuf,
    /// Its time.
    pub clock: Clock,
    /// The front door's port; the sign-in page has the next. Without it the ports of last time, or free ones.
    pub port_base: Option<u16>,
    /// The executable that knows the subcommand `pod`; without it this one.
    pub program: Option<PathBuf>,
    /// A signing key (PKCS#8 PEM) for a new world, so that tests need not make one each.
    pub signing_key: Option<String>,
    /// What a file says about the world.
    pub config: Config,
}

impl Options {
    /// Wall time at that speed, everything else chosen by the simulator.
    pub fn at_speed(folder: impl Into<PathBuf>, speed: f64) -> Self {
        Self {
            folder: folder.into(),
            clock: Clock::wall(speed),
            port_base: None,
            program: None,
            signing_key: None,
            config: Config::default(),
        }
    }
}

/// A running simulator.
pub struct Simulator {
    world: Arc<World>,
    lock: folder::Lock,
}

/// Every service of the simulator.
fn attach_all(parts: &mut Parts) {
    control::attach(parts);
    faults::attach(parts);
    database::attach(parts);
    arm::attach(parts);
    locks::attach(parts);
    policy::attach(parts);
    activity::attach(parts);
    entra::attach(parts);
    graph::attach(parts);
    metadata::attach(parts);
    vault::attach(parts);
    providers::attach(parts);
    compute::attach(parts);
    addresses::attach(parts);
    identities::attach(parts);
    registries::attach(parts);
    prices::attach(parts);
    costs::attach(parts);
    let clusters = Arc::new(kubernetes::Clusters::default());
    kubernetes::attach(parts, &clusters);
    aks::attach(parts, &clusters);
    log_analytics::attach(parts);
}

impl Simulator {
    /// Opens or makes the world of that folder and serves it. Fails where another simulator serves the same folder.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        // A program has one TLS provider; whoever comes second finds it there.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let lock = folder::Lock::take(&options.folder)?;
        let file = options.folder.join("state.sqlite");
        let state = state::State::open(&file, options.clock.clone())
            .await
            .map_err(|error| StartError::new("opening the state", error))?;
        let (kept, secrets) = seed::keep(&state, options.signing_key).await?;
        let (door, door_port) = folder::listen(&state, "door_port", options.port_base).await?;
        let (loopback, loopback_listeners) = loopback::listen(&state).await?;
        let mut parts = Parts::default();
        attach_all(&mut parts);
        let program = match options.program {
            Some(program) => program,
            None => {
                std::env::current_exe().map_err(|error| StartError::new("finding this program's own file", error))?
            }
        };
        let world = Arc::new(World {
            clock: options.clock,
            state,
            authority: Arc::new(secrets.authority),
            tokens: secrets.tokens,
            faults: faults::Faults::default(),
            waits: waits::Waits::default(),
            limits: arm::Limits::default(),
            front_ends: vault::FrontEnds::default(),
            resource_logs: log_analytics::ResourceLogs::default(),
            requests: requests::Requests::default(),
            parts,
            facts: world::Facts::default(),
            tenant: kept.tenant,
            subscription: kept.subscription,
            folder: options.folder,
            program,
            door_port,
            loopback,
            passes_through: AtomicBool::new(false),
            port_base: options.port_base,
            stopping: CancellationToken::new(),
        });
        seed::people_and_machines(&world).await?;
        process::end_remembered(&world)
            .await
            .map_err(|error| StartError::new("ending what an earlier simulator left", error))?;
        for part in world.parts.starts() {
            part.start(&world).await?;
        }
        options.config.apply(&world).await?;
        tokio::spawn(door::run(world.clone(), door));
        loopback::run(&world, loopback_listeners);
        operations::resume(&world).await.map_err(|error| StartError::new("resuming operations", error))?;
        folder::write_files(&world)?;
        Ok(Self { world, lock })
    }

    /// The world, to look at it or to make things go wrong.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// What the portal's configuration and people need to know: the object after `ready`, also in `portal.json`.
    pub fn ready(&self) -> Value {
        folder::ready(&self.world)
    }

    /// Returns when somebody has asked the simulator to stop.
    pub async fn asked_to_stop(&self) {
        self.world.stopping.cancelled().await;
    }

    /// Stops everything that it started. The state stays.
    pub async fn stop(self) {
        self.world.stopping.cancel();
        for part in self.world.parts.starts() {
            part.stop(&self.world).await;
        }
        self.world.state.close().await;
        drop(self.lock);
    }
}
