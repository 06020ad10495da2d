//! What `Debug` would show: read from the sources, no type prints a secret, whoever logs it.

use secrecy::SecretString;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const FOLDERS: [&str; 4] = ["server/src", "server/azure/src", "app/src", "app/domain/src"];

/// Words in the name of a field that holds what nobody else may know.
const TELLING: [&str; 10] =
    ["password", "secret", "token", "cookie", "verifier", "nonce", "assertion", "bearer", "private", "passphrase"];
/// Types that print what they hold.
const TEXTS: [&str; 6] = ["String", "str", "Vec<u8>", "Value", "HeaderValue", "Zeroizing"];
/// Types that are a key.
const KEYS: [&str; 6] =
    ["Zeroizing", "ChaCha20Poly1305", "Ed25519KeyPair", "EncodingKey", "PrivateKeyDer", "CertifiedKey"];

/// Where a secret becomes text, and why it is right there.
const EXPOSED_IN_TEXT: [(&str, &str); 2] = [
    ("transport.rs", "the header of a request, which is marked so that nothing prints it"),
    ("bearer.rs", "the same towards a cluster"),
];

/// A struct or an enum as it is written.
struct Type {
    file: PathBuf,
    name: String,
    derives_debug: bool,
    /// Name and type of each field; those of tuples have no name.
    fields: Vec<(String, String)>,
}

fn sources(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.find("#[cfg(test)]\nmod tests").map_or(text.as_str(), |tests| &text[..tests]).to_owned();
            found.push((path, code));
        }
    }
}

fn all_sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut found = Vec::new();
    FOLDERS.iter().for_each(|folder| sources(&root.join(folder), &mut found));
    found
}

fn types() -> Vec<Type> {
    let mut found = Vec::new();
    for (file, text) in all_sources() {
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let words: Vec<&str> = line.split([' ', '(', '<', '{', ';']).filter(|word| !word.is_empty()).collect();
            let Some(place) = words.iter().position(|word| matches!(*word, "struct" | "enum")) else { continue };
            if place > 1 || line.trim_start().starts_with("//") || !line.trim_end().ends_with(['{', ';']) {
                continue;
            }
            let before = lines[..at].iter().rev().take_while(|line| {
                let line = line.trim_start();
                line.starts_with("#[") || line.starts_with("//") || line.starts_with(')')
            });
            let derives_debug = before.into_iter().any(|line| line.contains("derive(") && line.contains("Debug"));
            let end = format!("{}}}", " ".repeat(indent));
            let body = match line.trim_end().ends_with(';') {
                true => vec![*line],
                false => lines[at + 1..].iter().take_while(|line| **line != end).copied().collect(),
            };
            let fields = body.iter().filter_map(|line| field(line)).collect();
            found.push(Type { file: file.clone(), name: words[place + 1].to_owned(), derives_debug, fields });
        }
    }
    found
}

/// `pub name: Type,`, `Variant(Type),` or `struct Name(Type);`
fn field(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    if line.starts_with("//") || line.starts_with('#') {
        return None;
    }
    match line.split_once(": ") {
        Some((name, kind)) => Some((name.rsplit(' ').next()?.to_owned(), kind.to_owned())),
        None => line.split_once('(').map(|(_, kind)| (String::new(), kind.to_owned())),
    }
}

/// Whether one of these stands in the type as a word of its own.
fn holds(kind: &str, words: &[&str]) -> bool {
    words.iter().any(|word| {
        kind.match_indices(word).any(|(at, _)| {
            let before = kind[..at].chars().next_back();
            let after = kind[at + word.len()..].chars().next();
            let apart = |letter: Option<char>| letter.is_none_or(|letter| !letter.is_alphanumeric() && letter != '_');
            apart(before) && apart(after)
        })
    })
}

#[test]
fn no_type_that_holds_a_secret_as_text_or_a_key_derives_debug() {
    let types = types();
    assert!(types.len() > 300, "the sources are written otherwise now, and this test reads nothing: {}", types.len());
    let mut wrong = Vec::new();
    for Type { file, name, fields, .. } in types.iter().filter(|one| one.derives_debug) {
        for (field, kind) in fields {
            let told = TELLING.iter().any(|word| field.contains(word)) && holds(kind, &TEXTS);
            if told || holds(kind, &KEYS) {
                wrong.push(format!("{}: {name} derives Debug and has {field}: {kind}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "take SecretString, or write Debug by hand without it: {wrong:#?}");
}

#[test]
fn every_type_that_has_a_secret_has_it_closed() {
    let secret = SecretString::from("correct horse");
    assert!(!format!("{secret:?} {:?}", Some(&secret)).contains("horse"), "the type itself is closed");
    let bearing: BTreeSet<String> = types()
        .into_iter()
        .filter(|one| one.fields.iter().any(|(_, kind)| holds(kind, &["SecretString"])))
        .map(|one| one.name)
        .collect();
    for name in ["SignIn", "Submission", "Source"] {
        assert!(bearing.contains(name), "{name} has a secret, and this test does not see it: {bearing:?}");
    }
    // Debug that is written by hand opens nothing.
    for (file, text) in all_sources() {
        for (at, _) in text.match_indices("Debug for ") {
            let body: String = text[at..].lines().take_while(|line| *line != "}").collect();
            assert!(!body.contains("expose_secret"), "{}: {body}", file.display());
        }
    }
}

#[test]
fn no_secret_is_put_into_a_text() {
    let mut wrong = Vec::new();
    for (file, text) in all_sources() {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        for line in text.lines().filter(|line| line.contains("expose_secret()") && !line.trim_start().starts_with("//"))
        {
            let said = ["format!(", "write!(", "writeln!(", "println!(", "tracing::", "panic!(", "to_string()"];
            if said.iter().any(|word| line.contains(word)) && EXPOSED_IN_TEXT.iter().all(|(home, _)| *home != name) {
                wrong.push(format!("{}: {}", file.display(), line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
