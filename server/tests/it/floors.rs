//! The floors of the house: every path that begins with `crate::`, and every crate's manifest, points down.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Modules of the server and the floor each stands on, lowest first. A floor uses floors below it; where two stand on
/// one floor (`store` and what it keeps, `recipes` and their `steps`) the lower number is what the higher may use.
const FLOORS: [(&str, u32); 20] = [
    ("clock", 10),
    ("seal", 11),
    ("config", 12),
    ("store", 20),
    ("engine", 30),
    ("preflight", 31),
    ("checks", 32),
    ("steps", 33),
    ("recipes", 34),
    ("holders", 35),
    ("timers", 40),
    ("notices", 41),
    ("audit", 42),
    ("service", 43),
    ("http", 50),
    ("beside", 60),
    ("serve", 61),
    ("command", 62),
    ("main", 63),
    ("lib", 64),
];

/// Which of our crates each crate may name in its manifest; tests may also name the simulator and the throw-away database.
const CRATES: [(&str, &str, &[&str]); 10] = [
    ("domain", "app/domain", &[]),
    ("app", "app", &["domain"]),
    ("frontend", "frontend", &["app"]),
    ("azure", "server/azure", &[]),
    ("site", "server/site", &[]),
    ("keystead-client", "server/client", &["domain"]),
    ("keystead", "server", &["app", "azure", "domain", "keystead-client", "site"]),
    ("azure-simulator", "deploy/simulator", &[]),
    ("throwaway-postgres", "deploy/postgres", &[]),
    ("webapp", "deploy/webapp", &[]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every Rust file below a folder, with its text.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

/// The lines that the compiler reads, without comments and without tests at the file's end.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let tests = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    text[..tests].lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// `service` for `…/server/src/service/requests.rs`.
fn module(file: &Path, source: &Path) -> String {
    let inside = file.strip_prefix(source).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// Every word that follows `crate::`, also inside braces: `use crate::{clock, store::Store}`.
fn names(line: &str) -> Vec<String> {
    let word = |text: &str| -> String { text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    let mut found = Vec::new();
    for (place, _) in line.match_indices("crate::") {
        let after = &line[place + "crate::".len()..];
        match after.strip_prefix('{') {
            None => found.push(word(after)),
            Some(list) => {
                let mut depth = 0;
                let mut start = true;
                for (at, c) in list.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => start = true,
                        c if start && !c.is_whitespace() => {
                            found.push(word(&list[at..]));
                            start = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    found
}

#[test]
fn every_path_points_down() {
    let source = root().join("server/src");
    let floor = |name: &str| FLOORS.iter().find(|(known, _)| *known == name).map(|(_, floor)| *floor);
    let mut wrong = Vec::new();
    for (file, text) in sources(&source) {
        let from = module(&file, &source);
        let Some(at) = floor(&from) else {
            wrong.push(format!("{from} stands on no floor: give it one in this test and in ARCHITECTURE.md"));
            continue;
        };
        // A list in braces may go over several lines.
        let whole: String = code(&text).map(|(_, line)| format!("{} ", line.trim())).collect();
        for to in names(&whole) {
            match floor(&to) {
                _ if to == from => {}
                Some(below) if below < at => {}
                Some(_) => wrong.push(format!("{} looks up to {to}", file.display())),
                // A macro or an item of lib.rs itself.
                None => wrong.push(format!("{} names crate::{to}, which is no module with a floor", file.display())),
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_manifest_points_down() {
    let ours: BTreeSet<&str> = CRATES.iter().map(|(name, ..)| *name).collect();
    for (name, folder, may) in CRATES {
        let text = std::fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = text.parse().unwrap();
        for (section, extra) in [
            ("dependencies", &[][..]),
            ("build-dependencies", &[]),
            ("dev-dependencies", &["azure-simulator", "throwaway-postgres"]),
        ] {
            let Some(toml::Value::Table(dependencies)) = manifest.get(section) else { continue };
            for dependency in dependencies.keys().filter(|dependency| ours.contains(dependency.as_str())) {
                let allowed = may.contains(&dependency.as_str()) || extra.contains(&dependency.as_str());
                assert!(allowed, "{name} must not name {dependency} in its {section}");
            }
        }
    }
}

/// What a folder alone may contain: a word, and who else may.
fn only(what: &str, words: &[&str], homes: &[&str]) {
    let source = root().join("server/src");
    let mut wrong = Vec::new();
    for (file, text) in sources(&source) {
        if homes.contains(&module(&file, &source).as_str()) {
            continue;
        }
        for (number, line) in code(&text) {
            if words.iter().any(|word| line.contains(word)) {
                wrong.push(format!("{}:{}: {}", file.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{what}: {wrong:#?}");
}

#[test]
fn what_stands_in_one_place_alone() {
    only("only the store contains SQL", &["sqlx::"], &["store"]);
    only("only http knows status codes", &["StatusCode"], &["http"]);
    only("nothing below main reads the environment", &["env::var"], &["main", "command", "config", "beside", "serve"]);
}

#[test]
fn the_domain_does_no_io_and_reads_no_clock() {
    let source = root().join("app/domain/src");
    for (file, text) in sources(&source) {
        for (number, line) in code(&text) {
            for word in
                ["std::fs", "std::net", "std::env", "std::time", "std::process", "tokio", "async fn", "leptos", "axum"]
            {
                assert!(!line.contains(word), "{}:{}: {word}", file.display(), number + 1);
            }
        }
    }
}

#[test]
fn every_file_opens_with_its_reason() {
    let mut wrong = Vec::new();
    for folder in [
        "app/domain/src",
        "app/src",
        "server/src",
        "server/azure/src",
        "server/client/src",
        "server/site/src",
        "deploy/simulator/src",
    ] {
        for (file, text) in sources(&root().join(folder)) {
            let tests = file.file_name().is_some_and(|name| name == "tests.rs");
            if !text.starts_with("//! ") {
                wrong.push(format!("{} does not open with its reason", file.display()));
            }
            if text.lines().count() > 400 && !tests {
                wrong.push(format!("{} is longer than 400 lines", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_reader_of_paths_sees_them_all() {
    let line = "use crate::{clock::Clock, store::{Both, Use}, seal}; let x = crate::engine::Pace::default();";
    assert_eq!(names(line), ["clock", "store", "seal", "engine"]);
}
