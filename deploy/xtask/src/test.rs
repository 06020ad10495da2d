//! Everything that must hold before a change is taken: format, lint, tests, WebAssembly, a real browser.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;
use std::{env, fs};

use anyhow::{Result, bail};

use crate::build::join;
use crate::phases::Phases;
use crate::{api, chaos, check, conformance, deny, pack, place, run, setup, wasm};

/// What was asked: everything, or what has FILTER in its name; with `--all` also what takes minutes.
struct Asked {
    all: bool,
    filter: Option<String>,
}

/// What was found or installed.
struct Tools {
    linter: PathBuf,
    postgres: PathBuf,
    chromium: PathBuf,
}

/// `cargo xtask test [--all] [FILTER]`
pub fn run(arguments: &[String]) -> Result<()> {
    let asked = asked(arguments)?;
    let phases = Phases::default();
    let result = phases.run("set-up", set_up).and_then(|tools| everything(&asked, &tools, &phases));
    phases.write(&place::root().join("target/test/phases.json"))?;
    eprintln!("\n{}", phases.table());
    result
}

fn asked(arguments: &[String]) -> Result<Asked> {
    let mut asked = Asked { all: false, filter: None };
    for argument in arguments {
        match argument.as_str() {
            "--all" => asked.all = true,
            option if option.starts_with('-') => bail!("test knows --all, not {option}"),
            filter if asked.filter.is_none() => asked.filter = Some(filter.to_owned()),
            other => bail!("test takes one filter, not {other} as well"),
        }
    }
    Ok(asked)
}

fn set_up() -> Result<Tools> {
    let tools = Tools { linter: setup::linter()?, postgres: setup::postgres()?, chromium: setup::chromium()? };
    setup::wasm_target()?;
    if place::is_cached() {
        distrust_the_cache()?;
    }
    Ok(tools)
}

/// Four lanes side by side, then other people's clients, then the browser, which needs what both have made. Every failure is told, not only the
/// first.
fn everything(asked: &Asked, tools: &Tools, phases: &Phases) -> Result<()> {
    let (native, page, clients, held) = std::thread::scope(|scope| {
        let held = scope.spawn(|| phases.run("dependencies", deny::held));
        let page = scope.spawn(|| page(tools, phases));
        let clients =
            scope.spawn(|| phases.run("clients", || conformance::clients(asked.all).and_then(|()| api::clients())));
        (native(asked, tools, phases), join(page), join(clients), join(held))
    });
    let mut failures: Vec<String> = Vec::new();
    failures.extend(native.tests.err().map(|error| format!("{error:#}")));
    failures.extend(held.err().map(|error| format!("{error:#}")));
    let programs = place::target().join("debug");
    let conform = || conformance::scripts(&programs, asked.all, asked.filter.as_deref());
    let others = match clients {
        Ok(()) if native.built => vec![
            phases.run("conformance", conform),
            phases.run("api", || api::scripts(&programs, asked.filter.as_deref())),
        ],
        clients => vec![clients],
    };
    failures.extend(others.into_iter().filter_map(Result::err).map(|error| format!("{error:#}")));
    match page {
        Ok(()) if native.built => {
            failures.extend(killed(asked, phases).err().map(|error| format!("{error:#}")));
            let browser = phases.run("end-to-end", || end_to_end(asked, tools));
            failures.extend(browser.err().map(|error| format!("{error:#}")));
        }
        Ok(()) => {}
        Err(error) => failures.push(format!("{error:#}")),
    }
    if failures.is_empty() {
        return Ok(());
    }
    bail!("{}", failures.join("\nerror: "))
}

struct Native {
    built: bool,
    tests: Result<()>,
}

fn native(asked: &Asked, tools: &Tools, phases: &Phases) -> Native {
    let formatted = phases.run("format", check::format);
    let built = phases.run("compile and lint", || run::timely(cargo("build", tools).arg("--all-targets")));
    if built.is_err() {
        return Native { built: false, tests: formatted.and(built) };
    }
    let tests = phases.run("tests", || {
        let mut test = cargo("test", tools);
        test.args(&asked.filter);
        if asked.all {
            test.args(["--", "--include-ignored"]);
        }
        run::timely(&mut test)
    });
    let own = phases.run("tests of the task programs", || {
        let mut test = run::cargo(Some("tools"));
        test.args(["test", "--manifest-path", "deploy/xtask/Cargo.toml", "-p", "xtask", "-p", "chaos", "--quiet"]);
        wasm::lint(&mut test, Some(&tools.linter));
        run::timely(&mut test)
    });
    Native { built: true, tests: formatted.and(tests).and(own) }
}

/// Cargo on the one selection, with the linter as compiler and PostgreSQL's programs on the search path: the same for
/// compiling and for running, so that nothing is compiled twice.
fn cargo(verb: &str, tools: &Tools) -> Command {
    let mut cargo = run::cargo(None);
    cargo.arg(verb).args(run::SELECTION);
    wasm::lint(&mut cargo, Some(&tools.linter));
    cargo.env("PATH", with_first(&tools.postgres));
    cargo
}

fn with_first(folder: &Path) -> std::ffi::OsString {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder.to_owned()).chain(env::split_paths(&path));
    env::join_paths(folders).unwrap_or(path)
}

fn page(tools: &Tools, phases: &Phases) -> Result<()> {
    phases.run("npm packages", || setup::npm("end2end"))?;
    phases.run("page (WebAssembly)", || wasm::make(Some(&tools.linter)))?;
    pack::style().map(drop)
}

fn end_to_end(asked: &Asked, tools: &Tools) -> Result<()> {
    let folder = place::root().join("end2end");
    let mut playwright = run::command(folder.join("node_modules/.bin/playwright"));
    playwright.args(["test", "--pass-with-no-tests"]).current_dir(&folder);
    if let Some(filter) = &asked.filter {
        playwright.args(["--grep", filter]);
    }
    playwright.env("CHROMIUM", &tools.chromium).env("KEYSTEAD_PROGRAMS", place::target().join("debug"));
    playwright.env("KEYSTEAD_TEST_ALL", if asked.all { "1" } else { "" });
    run::timely(&mut playwright)
}

/// A minute of chaos on PostgreSQL and half of one on SQLite, and a sample of the positions at which a server is killed or
/// stopped and of the changes that are refused or go without an answer; with `--all` five minutes and every one.
fn killed(asked: &Asked, phases: &Phases) -> Result<()> {
    if asked.filter.as_ref().is_some_and(|filter| !"chaos".contains(filter.as_str())) {
        return Ok(());
    }
    let program = chaos::program()?;
    let (positions, changes, stops) = if asked.all { ("all", "all", "all") } else { ("9", "4", "4") };
    let mut failures = Vec::new();
    for (database, short) in [("sqlite", "30"), ("postgres", "60")] {
        let seconds = if asked.all { "150" } else { short };
        for (kind, option, value) in [
            ("crashes", "--positions", positions),
            ("failures", "--positions", changes),
            ("stops", "--positions", stops),
            ("run", "--seconds", seconds),
        ] {
            // Two servers share no SQLite file.
            if (kind, database) == ("stops", "sqlite") {
                continue;
            }
            let words = [kind, option, value, "--database", database].map(str::to_owned);
            let done =
                phases.run(&format!("chaos {kind} on {database}"), || run::timely(&mut chaos::act(&program, &words)));
            failures.extend(done.err().map(|error| format!("{error:#}")));
        }
    }
    if failures.is_empty() { Ok(()) } else { bail!("{}", failures.join("\n")) }
}

/// The cache is for dependencies alone: our own crates may come from another clone, whose files were newer, so their
/// roots are touched and cargo compiles them again.
fn distrust_the_cache() -> Result<()> {
    let crates = ["app", "app/domain", "frontend", "server", "server/azure", "server/site", "deploy/simulator"];
    for folder in crates.iter().chain(&["deploy/postgres", "deploy/webapp"]) {
        for file in ["src/lib.rs", "src/main.rs", "build.rs", "tests/it/main.rs"] {
            let path = place::root().join(folder).join(file);
            if path.is_file() {
                fs::File::options().write(true).open(path)?.set_modified(SystemTime::now())?;
            }
        }
    }
    Ok(())
}
