//! Puts the parts together: the only file that knows them all, and the only one that reads the environment.

use clap::{CommandFactory, Parser};
use color_eyre::eyre::{Result, WrapErr, bail};
use figment::providers::Env;
use keystead::audit::{self, AuditSeal, Sealer};
use keystead::clock::Clock;
use keystead::command::{self, Command, CommandError, CommandLine, Key, Said};
use keystead::config::{Config, Given, SealKey};
use keystead::engine::{self, Engine, Pace, Recipe};
use keystead::holders::Holders;
use keystead::http::certificate::Certificate;
use keystead::http::issuers::Issuers;
use keystead::http::limits::Gates;
use keystead::http::proxy::Proxies;
use keystead::http::rest::once::Keeper;
use keystead::http::rest::remembered::Remembered;
use keystead::http::serving::Serving;
use keystead::http::session::Sessions;
use keystead::http::sign_in::{self, Provider};
use keystead::http::{self, Web};
use keystead::notices::{self, Courier, NoticeSend, WebhookSend};
use keystead::preflight::Picture;
use keystead::seal::{Seal, Source};
use keystead::service::Service;
use keystead::service::accounts::Accounts;
use keystead::service::feed::FeedPlace;
use keystead::service::reminding::NoticeRemind;
use keystead::service::telling::NoticeTell;
use keystead::store::{Store, Use, agreed};
use keystead::timers::{
    self, ActualLook, ApproverLook, ChecksAgain, DirectoryLook, DriftLook, PlanSweep, RequestExpiry, SealedCleanUp,
    Timer,
};
use keystead::{beside, recipes};
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use url::Url;

/// The port that people find without being told; the next free one where it is taken.
const PORT: u16 = 4170;
/// Jobs in hand at the same time. A job mostly waits for Azure, and one that waits is in nobody's hand; Azure's pace bounds
/// the work, this bounds the memory and the open connections.
const AT_ONCE: usize = 256;
/// How long answers and jobs in hand may take to end.
const LONGEST_END: Duration = Duration::from_secs(15);

/// A page is many small texts: with the system's allocator a third of its time goes into them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let _ = rustls::crypto::ring::default_provider().install_default();
    run().unwrap_or_else(|error| {
        // For people: what was attempted and why it failed, on one line.
        let _ = writeln!(std::io::stderr(), "keystead: {error:#}");
        ExitCode::FAILURE
    })
}

fn run() -> Result<ExitCode> {
    color_eyre::install()?;
    let line = CommandLine::parse();
    let filter = std::env::var("KEYSTEAD_LOG").unwrap_or_else(|_| "warn,keystead=info".to_owned());
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let command = match line.command {
        None => Command::Serve,
        Some(Said::Here(command)) => command,
        Some(Said::Client(command)) => {
            let asks = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            return Ok(asks.block_on(keystead_client::run(command, &line.client)).into());
        }
        Some(Said::Completions { shell }) => {
            write!(std::io::stdout(), "{}", keystead_client::completions(shell, CommandLine::command()))?;
            return Ok(ExitCode::SUCCESS);
        }
    };
    let mut given = Given::read(line.config.as_deref(), Env::prefixed("KEYSTEAD__"))?;
    // As platforms hand it over; another program's database, where it is of another kind.
    if let Some(url) = std::env::var("DATABASE_URL").ok().filter(|url| url.starts_with("postgres")) {
        given = given.or_database(&url);
    }
    // These commands work anywhere, and leave nothing behind.
    if !matches!(command, Command::Audit(_) | Command::Key(Key::New)) {
        std::fs::create_dir_all(given.data())
            .wrap_err_with(|| format!("making the data folder {}", given.data().display()))?;
    }
    let clock = Clock::system();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let answer = match command {
            Command::Serve => return serve(given, clock).await.map(|()| ExitCode::SUCCESS),
            Command::Token(token) => Ok(command::token(&given, &token, &clock).await?),
            Command::Key(key) => command::key(&given, &key, &clock).await,
            Command::Migrate(migrate) => command::migrate(&given, &migrate, &clock).await,
            Command::Audit(audit) => command::audit(&given, &audit).await,
        };
        said(answer)
    })
}

/// Shows a command's answer; what a check found is no failure of the program, but its exit code tells.
fn said(answer: Result<String, CommandError>) -> Result<ExitCode> {
    match answer {
        Err(CommandError::Refused(said)) => {
            writeln!(std::io::stderr(), "{said}")?;
            Ok(ExitCode::FAILURE)
        }
        answer => {
            writeln!(std::io::stdout(), "{}", answer?)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn serve(given: Given, clock: Clock) -> Result<()> {
    // First of all: whoever stops us while we start is heard too.
    let stop = stop_asked()?;
    let store = Store::open(&given.database()?, Use::Server).await?;
    let keys = given.seal_key()?;
    // Before anything is begun, but for keys that only a vault opens: they wait until Azure can be reached.
    if let SealKey::Here(source) = &keys {
        agreed_seal(source.clone(), &store).await?;
    }
    let (facts, beside) = match given.beside()? {
        Some(beside) => {
            let (facts, need) = beside::start(&beside, given.data()).await?;
            (facts, Some((beside, need)))
        }
        None => (serde_json::Value::Null, None),
    };
    let served = match given.with_facts(&facts) {
        Ok(config) => serve_with(&config, keys, store.clone(), clock, stop).await,
        Err(error) => Err(error.into()),
    };
    if let Some((beside, need)) = beside {
        let stopped = beside::stop(&beside, need).await;
        stopped.unwrap_or_else(|error| tracing::warn!(%error, "what runs beside was not ended"));
    }
    store.close().await;
    served
}

async fn serve_with(config: &Config, keys: SealKey, store: Store, clock: Clock, stop: CancellationToken) -> Result<()> {
    let certificate = config.tls.as_ref().map(Certificate::read).transpose()?;
    let azure = azure::Azure::connect(config.azure.client()).wrap_err("preparing the way to Azure")?;
    let seal = match keys {
        SealKey::Here(source) => agreed_seal(source, &store).await?,
        SealKey::Vault(place) => agreed_seal(Source::Vault(azure.vault_keys(), place), &store).await?,
    };
    let provision = recipes::provision().map_err(color_eyre::eyre::Error::msg)?;
    let service = Service::new(config, store.clone(), azure.clone(), provision.clone(), seal.clone(), clock.clone());
    let listener = listen(config.listen).await?;
    let port = listener.local_addr()?;
    let scheme = if certificate.is_some() { "https" } else { "http" };
    let public = config.public.clone().map_or_else(|| Url::parse(&format!("{scheme}://{port}")), Ok)?;
    let sessions = Sessions::new(store.clone(), clock.clone(), config.sign_in.idle_hours, config.sign_in.longest_hours);
    let once = Keeper::new(store.clone(), seal.clone(), clock.clone());
    let remembered = Remembered::new(&store, clock.clone());
    let web = web(config, &service, &public, &clock, &stop, once.clone(), remembered)?;
    let router = http::router(web, sessions.clone());

    let sealer = Sealer::new(store.clone(), seal.clone());
    audit::begin(&store, clock.now()).await?;
    notices::begin(&store, clock.now()).await?;
    let courier = Arc::new(Courier::new(config, &public)?);
    DirectoryLook::begin(&store, clock.now()).await?;
    PlanSweep::begin(&store, clock.now()).await?;
    FeedPlace::begin(&store, clock.now()).await?;
    ApproverLook::begin(&store, clock.now()).await?;
    let actual = ActualLook {
        store: store.clone(),
        azure: azure.clone(),
        on: config.cost.actual,
        every_minutes: config.cost.every_minutes,
    };
    actual.begin(clock.now()).await?;
    let engine = Arc::new(engine(config, &store, &clock, azure.clone(), seal.clone(), provision));
    let allow_inside = config.notices.allow_inside;
    let holders = Arc::new(Holders::new(azure.clone(), config.teams.iter().map(|team| team.team()).collect()));
    let work = tokio::spawn(engine.clone().run(stop.clone()));
    let ring: Vec<Arc<dyn Timer>> = vec![
        Arc::new(SealedCleanUp { store: store.clone() }),
        Arc::new(RequestExpiry { store: store.clone() }),
        Arc::new(ChecksAgain { store: store.clone(), azure: azure.clone() }),
        Arc::new(DriftLook {
            store: store.clone(),
            engine,
            holders,
            azure: azure.clone(),
            picture: Picture::default(),
        }),
        Arc::new(AuditSeal { sealer }),
        Arc::new(NoticeTell(service.clone())),
        Arc::new(FeedPlace(service.clone())),
        Arc::new(NoticeSend { store: store.clone(), courier: courier.clone() }),
        Arc::new(WebhookSend { store: store.clone(), courier, seal, allow_inside }),
        Arc::new(NoticeRemind(service.clone())),
        Arc::new(DirectoryLook { store: store.clone(), azure: azure.clone() }),
        Arc::new(ApproverLook { store: store.clone(), azure: azure.clone(), groups: config.groups().approvers() }),
        Arc::new(actual),
        Arc::new(PlanSweep { store: store.clone() }),
    ];
    let rings = tokio::spawn(timers::run(store.clone(), clock, ring, stop.clone()));
    let sweeps = tokio::spawn(sweep(sessions, once, stop.clone()));
    say_where(config, &public)?;
    let head = Duration::from_secs(config.limits.head_seconds);
    let serving = Serving { listener, certificate, head, public };
    let serving = tokio::spawn(serving.run(router, stop.clone()));
    stop.cancelled().await;
    tracing::info!("stopping: listeners are sent away, jobs are handed over");
    let ended = tokio::time::timeout(LONGEST_END, async {
        let served = serving.await;
        let _ = tokio::join!(work, rings, sweeps);
        served
    });
    match ended.await {
        Ok(served) => Ok(served??),
        Err(_) => {
            tracing::warn!("something was still at work after {} s and is cut off", LONGEST_END.as_secs());
            Ok(())
        }
    }
}

/// The keys that every server of this database has, turned to the one that seals.
async fn agreed_seal(source: Source, store: &Store) -> Result<Seal> {
    let seal = Seal::of(source).await?;
    let agreed = agreed::agree(store, agreed::SEAL_KEY, &seal.id()).await?;
    if !seal.turn_to(&agreed).await {
        bail!(
            "the secrets of this database are sealed with key {agreed}, and {} holds {}: give every server the same \
             keys as seal_key or seal_key_text; where that key is lost, `keystead migrate --new-seal-key` takes the one \
             that is there",
            seal.source(),
            seal.ids().join(", ")
        );
    }
    Ok(seal)
}

fn web(
    config: &Config,
    service: &Arc<Service>,
    public: &Url,
    clock: &Clock,
    stop: &CancellationToken,
    once: Keeper,
    remembered: Remembered,
) -> Result<Web> {
    let (back, client) = (public.join(sign_in::BACK)?, http::client(&config.azure)?);
    let provider = Provider::new(config.sign_in.clone(), config.groups(), &back, client.clone(), clock.clone())?;
    let files = site::Site::of_this_build()?;
    let samples = config.sign_in.samples.iter();
    Ok(Web {
        portal: service.clone(),
        tokens: Accounts::new(service.clone()),
        issuers: Arc::new(Issuers::new(config, &client, clock)),
        provider: Arc::new(provider),
        provider_origin: Url::parse(&config.sign_in.issuer)?.origin().ascii_serialization(),
        installation: app::context::Installation {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            footer: config.footer.clone(),
            provider: config.sign_in.title.clone(),
            samples: samples
                .map(|sample| app::context::Sample { account: sample.account.clone(), note: sample.note.clone() })
                .collect(),
        },
        addresses: http::addresses(&files),
        files: Arc::new(files),
        public: public.clone(),
        gates: Arc::new(Gates::new(&config.limits, clock)),
        pause: Duration::from_secs(config.limits.body_seconds),
        once,
        remembered,
        proxies: Proxies::new(&config.proxy, public),
        stopping: stop.clone(),
    })
}

fn engine(config: &Config, store: &Store, clock: &Clock, azure: azure::Azure, seal: Seal, provision: Recipe) -> Engine {
    Engine::new(engine::Parts {
        store: store.clone(),
        clock: clock.clone(),
        azure,
        seal,
        recipes: vec![provision],
        teams: config.teams.iter().map(|team| team.team()).collect(),
        pace: Pace::default(),
        at_once: AT_ONCE,
        installation: None,
    })
}

/// Sessions that have ended are taken out now and then, and answers that nobody asks for again.
async fn sweep(sessions: Sessions, once: Keeper, stop: CancellationToken) {
    let mut hourly = tokio::time::interval(Duration::from_secs(3600));
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = hourly.tick() => {
                if let Err(error) = sessions.sweep().await {
                    tracing::warn!(%error, "old sessions were not taken out");
                }
                if let Err(error) = once.sweep().await {
                    tracing::warn!(%error, "old answers were not taken out");
                }
            }
        }
    }
}

/// As configured, or 4170, or the next free port.
async fn listen(wanted: Option<SocketAddr>) -> Result<TcpListener> {
    if let Some(address) = wanted {
        return TcpListener::bind(address).await.wrap_err_with(|| format!("listening on {address}"));
    }
    for port in PORT..PORT + 50 {
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await {
            return Ok(listener);
        }
    }
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.wrap_err("listening on any free port")
}

/// For people and for `cargo xtask start`.
fn say_where(config: &Config, public: &Url) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "Keystead is serving at {}", public.as_str().trim_end_matches('/'))?;
    if !config.sign_in.samples.is_empty() {
        writeln!(out, "Sign in as one of:")?;
    }
    for sample in &config.sign_in.samples {
        writeln!(out, "  {:<36} {}", sample.account, sample.note)?;
    }
    Ok(out.flush()?)
}

/// Cancelled at SIGTERM or SIGINT.
fn stop_asked() -> Result<CancellationToken> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = CancellationToken::new();
    let asked = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        asked.cancel();
    });
    Ok(stop)
}
