//! Runs the simulator as a program of its own: serve, env, stop, and the launcher of its pods.
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use azure_simulator::{Config, Options, Simulator, echo, folder, kubernetes, process};
use clap::{Parser, Subcommand};
use color_eyre::eyre::{Result, WrapErr, bail};
use tokio::signal::unix::{SignalKind, signal};

/// Documents are many small texts: with the system's allocator an eighth of the time goes into them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Azure for people and programs that have none: real names behind a proxy.
#[derive(Parser)]
#[command(name = "azure-simulator", version)]
struct Arguments {
    #[command(subcommand)]
    command: Subcommands,
}

#[derive(Subcommand)]
enum Subcommands {
    /// Serves the world of a state folder until it is stopped; prints one line when it is ready.
    Serve {
        /// The folder of the state, made where it is missing.
        #[arg(long)]
        state: PathBuf,
        /// A file (TOML) with speed, port_base, pass_through, [images], [settings], [[faults]] and [random].
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// How many times shorter than Azure's the waits are; 30 where neither this nor the file says so.
        #[arg(long)]
        speed: Option<f64>,
        /// The proxy's port; the sign-in page has the next. Without it the ports of last time, or free ones.
        #[arg(long)]
        port_base: Option<u16>,
        /// The program that stands for a container image, `NAME=PROGRAM`; may be given several times.
        #[arg(long = "image", value_name = "NAME=PROGRAM", value_parser = image)]
        images: Vec<(String, String)>,
        /// Pass names that are not simulated on to the world outside, in place of refusing them.
        #[arg(long)]
        pass_through: bool,
    },
    /// Prints shell exports that lead any program to the simulator of that folder.
    Env {
        /// The folder of the state.
        #[arg(long)]
        state: PathBuf,
    },
    /// Stops the simulator that serves that folder.
    Stop {
        /// The folder of the state.
        #[arg(long)]
        state: PathBuf,
    },
    /// A small program to try a cluster with: listens at HOST:PORT and tells its environment.
    #[command(hide = true)]
    Echo,
    /// Starts a pod's program and ends it when standard input ends (for the simulator's own use).
    #[command(hide = true)]
    Pod {
        /// Milliseconds between SIGTERM and SIGKILL.
        #[arg(long, default_value_t = 5000)]
        grace_ms: u64,
        /// The program and its arguments.
        #[arg(last = true, required = true)]
        program: Vec<String>,
    },
}

fn main() -> Result<ExitCode> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    color_eyre::install()?;
    match Arguments::parse().command {
        Subcommands::Serve { state, config, speed, port_base, images, pass_through } => {
            let mut config = config.map(|file| Config::read(&file)).transpose()?.unwrap_or_default();
            config.speed = speed.or(config.speed);
            config.port_base = port_base.or(config.port_base);
            config.images.extend(images);
            config.pass_through |= pass_through;
            serve(&state, config)
        }
        Subcommands::Env { state } => env(&state),
        Subcommands::Stop { state } => stop(&state),
        Subcommands::Echo => {
            tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(echo::serve())?;
            Ok(ExitCode::SUCCESS)
        }
        Subcommands::Pod { grace_ms, program } => pod(&program, Duration::from_millis(grace_ms)),
    }
}

/// Takes `NAME=PROGRAM` apart; the name of an image has no equals sign.
fn image(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').filter(|(name, program)| !name.is_empty() && !program.is_empty());
    let (name, program) = parts.ok_or("an image is given as NAME=PROGRAM")?;
    let program = std::path::absolute(program).map_err(|error| format!("{program} is no path: {error}"))?;
    Ok((name.to_owned(), program.display().to_string()))
}

fn serve(state: &std::path::Path, config: Config) -> Result<ExitCode> {
    let state = std::path::absolute(state)?;
    folder::make(&state)?;
    if folder::Lock::is_held(&state) {
        return already(&state);
    }
    kubernetes::pods::image::write(&state, config.images.clone())?;
    log_to(&state)?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let at_speed = Options::at_speed(&state, config.speed.unwrap_or(30.0));
        let options = Options { port_base: config.port_base, config, ..at_speed };
        let simulator = match Simulator::start(options).await {
            Ok(simulator) => simulator,
            // Another one was started in the same moment, and was quicker.
            Err(_) if folder::Lock::is_held(&state) => return already(&state),
            Err(error) => return Err(error.into()),
        };
        let mut terminate = signal(SignalKind::terminate())?;
        // Whoever started us may be gone already: then nobody reads this.
        let _ = writeln!(std::io::stdout(), "ready {}", simulator.ready());
        let _ = std::io::stdout().flush();
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
            () = simulator.asked_to_stop() => {}
        }
        simulator.stop().await;
        Ok(ExitCode::SUCCESS)
    })
}

/// A second `serve` on a folder says where the first one is: `running` and the same JSON.
fn already(state: &std::path::Path) -> Result<ExitCode> {
    let told = told_soon(state)?;
    writeln!(std::io::stdout(), "running {told}")?;
    Ok(ExitCode::SUCCESS)
}

/// What the one that serves has told; one that is just starting tells it within seconds.
fn told_soon(state: &std::path::Path) -> Result<serde_json::Value> {
    for _ in 0..200 {
        if let Ok(told) = folder::told(state, "portal.json") {
            return Ok(told);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(folder::told(state, "portal.json")?)
}

fn env(state: &std::path::Path) -> Result<ExitCode> {
    let exports = folder::told(state, "exports.json")?;
    if !folder::Lock::is_held(state) {
        writeln!(
            std::io::stderr(),
            "no simulator serves {} now; these are the exports of the last one",
            state.display()
        )?;
    }
    let mut out = std::io::stdout();
    for (name, value) in exports.as_object().into_iter().flatten() {
        writeln!(out, "export {name}='{}'", value.as_str().unwrap_or_default().replace('\'', "'\\''"))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn stop(state: &std::path::Path) -> Result<ExitCode> {
    if !folder::Lock::is_held(state) {
        writeln!(std::io::stdout(), "no simulator serves {}", state.display())?;
        return Ok(ExitCode::SUCCESS);
    }
    let told = told_soon(state)?;
    let Some(process) = told["process"].as_i64().and_then(|id| i32::try_from(id).ok()).filter(|id| *id > 1) else {
        bail!("{} does not say which process serves it", state.join("portal.json").display());
    };
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(process), nix::sys::signal::Signal::SIGTERM)
        .wrap_err_with(|| format!("ending the process {process}"))?;
    for _ in 0..600 {
        if !folder::Lock::is_held(state) {
            return Ok(ExitCode::SUCCESS);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    bail!("the process {process} still runs 30 seconds after it was asked to end");
}

fn pod(program: &[String], grace: Duration) -> Result<ExitCode> {
    let Some((program, arguments)) = program.split_first() else { bail!("pod needs a program") };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let code = runtime
        .block_on(process::launcher(program, arguments, grace))
        .wrap_err_with(|| format!("starting {program}"))?;
    // A reader of standard input still waits for its end: leave without it.
    runtime.shutdown_background();
    std::process::exit(code)
}

/// The log lies in the state folder: standard error belongs to whoever started us, and may close.
fn log_to(state: &std::path::Path) -> Result<()> {
    let file = std::fs::OpenOptions::new().create(true).append(true).open(state.join("log"))?;
    let filter =
        tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn,azure_simulator=info".into());
    tracing_subscriber::fmt()
        .with_writer(file)
        .with_ansi(false)
        .log_internal_errors(false)
        .with_env_filter(filter)
        .init();
    Ok(())
}
