//! Evidence of one environment: an archive of named files with a signed manifest of their sums, packed and checked.

use super::verify;
use crate::seal::{Signing, verified};
use domain::audit::chain::canonical;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Cursor, Read, Seek, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

/// Of the manifest.
const MANIFEST: &str = "manifest.json";
/// Of the record in it, which is verified for itself too.
pub const RECORD: &str = "record.jsonl";
/// What the manifest's signature is for.
const PURPOSE: &str = "keystead evidence 1";
/// Longest file that is read of an archive: what is written is far below it.
const LONGEST: u64 = 256 * 1024 * 1024;

/// What an archive amounts to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub files: usize,
    pub keys: BTreeSet<String>,
    pub findings: Vec<String>,
}

/// Packs files under a manifest; `head` says of what and for whom.
pub fn pack(files: &BTreeMap<String, Vec<u8>>, head: Value, key: &Signing) -> Result<Vec<u8>, String> {
    let sums: Map<String, Value> = files.iter().map(|(name, bytes)| (name.clone(), sum(bytes).into())).collect();
    let manifest = json!({ "keystead_evidence": 1, "of": head, "sha256": sums });
    let signature = key.sign(PURPOSE, &canonical(&manifest));
    let manifest = canonical(&json!({ "key": key.public(), "manifest": manifest, "signature": signature }));
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    // Texts of some kilobytes, and the answer is compressed on its way where the browser wishes it.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default());
    let first = [(MANIFEST, manifest.as_bytes())];
    for (name, bytes) in first.into_iter().chain(files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))) {
        archive.start_file(name, options).map_err(|error| error.to_string())?;
        archive.write_all(bytes).map_err(|error| error.to_string())?;
    }
    archive.finish().map(Cursor::into_inner).map_err(|error| error.to_string())
}

/// Whether a file is an archive, by its first bytes.
pub fn is_archive(start: &[u8]) -> bool {
    start.starts_with(b"PK")
}

/// Holds every file against the manifest, and the record against its own chain. Where `trusted` names keys, no other one
/// counts.
pub fn verify(file: impl Read + Seek, trusted: &[String]) -> io::Result<Report> {
    let mut report = Report::default();
    let mut files = match read(file) {
        Ok(files) => files,
        Err(error) => {
            report.findings.push(format!("it cannot be read as an archive: {error}"));
            return Ok(report);
        }
    };
    let signed =
        files.remove(MANIFEST).and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok()).unwrap_or_default();
    let (key, signature) =
        (signed["key"].as_str().unwrap_or_default(), signed["signature"].as_str().unwrap_or_default());
    report.keys.insert(key.to_owned());
    if !verified(key, PURPOSE, &canonical(&signed["manifest"]), signature) {
        report.findings.push(format!("{MANIFEST} is not there, or its signature does not hold"));
    } else if !trusted.is_empty() && !trusted.iter().any(|trusted| trusted == key) {
        report.findings.push(format!("{MANIFEST} is signed with another key than the one given"));
    }
    let sums = signed["manifest"]["sha256"].as_object().cloned().unwrap_or_default();
    for (name, said) in &sums {
        match files.get(name) {
            None => report.findings.push(format!("{name} was removed")),
            Some(bytes) if said.as_str() != Some(sum(bytes).as_str()) => {
                report.findings.push(format!("{name} was altered"));
            }
            Some(_) => report.files += 1,
        }
    }
    for name in files.keys().filter(|name| !sums.contains_key(*name)) {
        report.findings.push(format!("{name} was inserted"));
    }
    if let Some(record) = files.get(RECORD) {
        let record = verify::verify(record.as_slice(), trusted)?;
        let found = record.findings.into_iter();
        report.findings.extend(found.map(|found| format!("{RECORD}, line {}: {}", found.line, found.what)));
        report.keys.extend(record.keys);
    }
    Ok(report)
}

fn read(file: impl Read + Seek) -> zip::result::ZipResult<BTreeMap<String, Vec<u8>>> {
    let mut archive = ZipArchive::new(file)?;
    let mut files = BTreeMap::new();
    for at in 0..archive.len() {
        let file = archive.by_index(at)?;
        let name = file.name()?.into_owned();
        let mut bytes = Vec::new();
        file.take(LONGEST).read_to_end(&mut bytes)?;
        files.insert(name, bytes);
    }
    Ok(files)
}

fn sum(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
