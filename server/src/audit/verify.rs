//! Holds an export against its own chain and signatures, with nothing but the file: which line is not as it was sealed.
//!
//! What it proves: nothing between two signed checkpoints was altered, removed, inserted or moved, and what was left out
//! was left out by the filter that the end is signed with. What it cannot: whether the key is Keystead's; so the key is
//! told apart from the file.

use super::export::{checkpoint_holds, end_holds};
use domain::audit::chain::{GENESIS, canonical, hash, leaf};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::io::{self, BufRead};

/// What is wrong, and in which line, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub line: u64,
    pub what: String,
}

/// What a file amounts to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub entries: i64,
    pub left_out: i64,
    pub checkpoints: i64,
    /// Public keys that signed something in it.
    pub keys: BTreeSet<String>,
    pub findings: Vec<Finding>,
}

/// Reads to the end. Where `trusted` names keys, no other one counts.
pub fn verify(mut file: impl BufRead, trusted: &[String]) -> io::Result<Report> {
    let mut reader = Reader { trusted, ..Reader::default() };
    let mut line = Vec::new();
    loop {
        line.clear();
        if file.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        reader.line += 1;
        reader.take(&line);
        reader.sum.update(&line);
    }
    reader.last();
    Ok(reader.report)
}

#[derive(Default)]
struct Reader<'a> {
    trusted: &'a [String],
    report: Report,
    line: u64,
    sum: Sha256,
    /// Number and hash of the last link that stood in its place; no hash where links before it are missing.
    at: Option<(i64, Option<String>)>,
    /// Numbers that were passed over, from and to.
    passed: Vec<(i64, i64)>,
    /// Number of the last checkpoint, and of the last link that it covers.
    checkpoint: Option<(i64, i64)>,
    ended: bool,
}

impl Reader<'_> {
    fn find(&mut self, what: impl Into<String>) {
        self.report.findings.push(Finding { line: self.line, what: what.into() });
    }

    fn take(&mut self, line: &[u8]) {
        if self.ended {
            return self.find("stands behind the end of the export: it was inserted");
        }
        let text = std::str::from_utf8(line).ok().and_then(|text| text.strip_suffix('\n'));
        let value = text.and_then(|text| serde_json::from_str::<Value>(text).ok());
        let (Some(text), Some(value)) = (text, value) else {
            return self.find("cannot be read: it was altered or cut off");
        };
        if canonical(&value) != text {
            self.find("is not written as Keystead writes it: it was altered");
        }
        let has = |name: &str| value.get(name).is_some();
        if self.line == 1 && !has("keystead_record") {
            self.find("is not the head of an export: the head was removed");
        }
        match () {
            () if has("keystead_record") && self.line == 1 => {}
            () if has("checkpoint") => self.checkpoint(&value),
            () if has("entry") || has("left_out") => self.link(&value),
            () if has("end") => self.end(&value),
            () => self.find("is no line of an export: it was inserted"),
        }
    }

    fn link(&mut self, value: &Value) {
        let (Some(seq), Some(stated)) = (value["seq"].as_i64(), value["hash"].as_str()) else {
            return self.find("has no number or no hash: it was altered");
        };
        let leaf = match value.get("entry") {
            Some(entry) => leaf(entry),
            None => value["left_out"].as_str().unwrap_or_default().to_owned(),
        };
        match value.get("entry") {
            Some(_) => self.report.entries += 1,
            None => self.report.left_out += 1,
        }
        let before = match &self.at {
            None if seq == 1 => Some(GENESIS.to_owned()),
            None => {
                self.find(format!(
                    "is number {seq}, and nothing before it says where the chain stood: lines were removed"
                ));
                None
            }
            Some((last, _)) if seq <= *last => return self.out_of_place(seq),
            Some((last, _)) if seq > *last + 1 => {
                self.missing(*last + 1, seq - 1);
                None
            }
            Some((_, before)) => before.clone(),
        };
        if before.is_some_and(|before| hash(&before, seq, &leaf) != stated) {
            self.find(format!("number {seq} is not what was sealed: it was altered, or the one before it was"));
        }
        self.at = Some((seq, Some(stated.to_owned())));
    }

    fn missing(&mut self, from: i64, to: i64) {
        let which = if from == to { format!("number {from} is") } else { format!("numbers {from} to {to} are") };
        self.find(format!("{which} missing before this line: removed, or moved elsewhere"));
        self.passed.push((from, to));
    }

    fn out_of_place(&mut self, seq: i64) {
        let passed = self.passed.iter().any(|(from, to)| (*from..=*to).contains(&seq));
        self.find(match passed {
            true => format!("number {seq} does not belong here: it was moved"),
            false => format!("number {seq} was there already: this line was inserted"),
        });
    }

    fn signed(&mut self, value: &Value, holds: fn(&str, &Value, &str) -> bool, what: &str) -> bool {
        let (key, signature) =
            (value["key"].as_str().unwrap_or_default(), value["signature"].as_str().unwrap_or_default());
        self.report.keys.insert(key.to_owned());
        if !self.trusted.is_empty() && !self.trusted.iter().any(|trusted| trusted == key) {
            self.find("is signed with another key than the one given");
            return false;
        }
        let holds = holds(key, &value[what], signature);
        if !holds {
            self.find("its signature does not hold: it was altered, or made by somebody else");
        }
        holds
    }

    fn checkpoint(&mut self, value: &Value) {
        self.report.checkpoints += 1;
        if !self.signed(value, checkpoint_holds, "checkpoint") {
            return;
        }
        let said = &value["checkpoint"];
        let (Some(number), Some(seq), Some(hash)) =
            (said["number"].as_i64(), said["seq"].as_i64(), said["hash"].as_str())
        else {
            return self.find("is no checkpoint");
        };
        match self.checkpoint {
            Some((last, _)) if number <= last => {
                return self.find(format!("checkpoint {number} does not belong here: it was moved or inserted"));
            }
            Some((last, _)) if number > last + 1 => {
                self.find(format!("checkpoints {} to {} are missing before this one: removed", last + 1, number - 1));
            }
            None if self.at.is_some() && number != 1 => {
                self.find(format!("checkpoints before number {number} are missing: removed"));
            }
            _ => {}
        }
        match &self.at {
            Some((last, _)) if seq > *last => self.missing(*last + 1, seq),
            Some((last, _)) if seq < *last => {
                self.find(format!("covers numbers up to {seq}, and does not belong here: it was moved"));
                return;
            }
            Some((_, Some(stated))) if stated != hash => {
                let since = self.checkpoint.map_or(1, |(_, seq)| seq + 1);
                self.find(format!(
                    "numbers {since} to {seq} are not what was signed here: at least one of them was altered"
                ));
            }
            _ => {}
        }
        self.checkpoint = Some((number, seq));
        self.at = Some((seq, Some(hash.to_owned())));
    }

    fn end(&mut self, value: &Value) {
        self.ended = true;
        self.covered();
        if !self.signed(value, end_holds, "end") {
            return;
        }
        let end = &value["end"];
        if end["sha256"].as_str() != Some(hex::encode(self.sum.clone().finalize()).as_str()) {
            self.find("the lines before this one are not those that were exported");
        }
    }

    /// Whatever is there has to be signed.
    fn covered(&mut self) {
        let Some((last, _)) = self.at else { return };
        let signed = self.checkpoint.map_or(0, |(_, seq)| seq);
        if last > signed {
            self.find(format!("numbers {} to {last} are covered by no checkpoint that holds", signed + 1));
        }
    }

    fn last(&mut self) {
        if !self.ended {
            self.covered();
            self.find("the end of the export is missing: it was cut off here");
        }
    }
}
