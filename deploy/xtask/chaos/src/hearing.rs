//! A listener to every job of a run, through whichever server is alive: it comes back with the last number that it heard,
//! and must have heard every line once, in order, as the database has it.

use crate::base::Base;
use crate::judge::Verdict;
use crate::wire;
use anyhow::{Result, bail};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

const TICK: Duration = Duration::from_millis(20);
/// How long after everything has come to rest the last lines may take.
const LONGEST: Duration = Duration::from_secs(30);

/// What the listener is told by the run.
#[derive(Default)]
struct Known {
    portals: Vec<String>,
    jobs: Vec<String>,
    /// Nothing goes on any more since then.
    rests_since: Option<Instant>,
}

pub struct Hearing {
    known: Arc<Mutex<Known>>,
    ear: JoinHandle<BTreeMap<String, Heard>>,
}

/// What was heard of one job.
#[derive(Default)]
struct Heard {
    socket: Option<Listened>,
    lines: Vec<(i64, String)>,
    has_ended: bool,
    /// How often it was listened to anew.
    came_back: usize,
}

/// A stream that is open.
struct Listened {
    portal: String,
    socket: TcpStream,
    /// What arrived and is no whole line of text yet.
    rest: Vec<u8>,
    /// The fields of the event that is arriving.
    fields: BTreeMap<String, String>,
}

impl Hearing {
    pub fn begin(cookie: String) -> Hearing {
        let known = Arc::new(Mutex::new(Known::default()));
        let told = Arc::clone(&known);
        Hearing { known, ear: std::thread::spawn(move || listen(&told, &cookie)) }
    }

    /// Who can be listened to now, and which jobs there are.
    pub fn tell(&self, portals: Vec<String>, jobs: Vec<String>) {
        let mut known = locked(&self.known);
        (known.portals, known.jobs) = (portals, jobs);
    }

    /// Waits for the last lines, and judges; how many lines were heard.
    pub fn end(self, base: &Base, verdict: &mut Verdict) -> Result<usize> {
        locked(&self.known).rests_since = Some(Instant::now());
        let Ok(heard) = self.ear.join() else { bail!("the listener broke off") };
        let mut said: BTreeMap<String, Vec<(i64, String)>> = BTreeMap::new();
        for row in base.rows("select job, number, text from line order by job, number")? {
            let Ok([job, number, text]) = <[String; 3]>::try_from(row) else { continue };
            said.entry(job).or_default().push((number.parse()?, first_line(&text)));
        }
        for (job, lines) in &said {
            let is_gapless = lines.iter().zip(1..).all(|((number, _), place)| *number == place);
            verdict.hold(is_gapless, || format!("the lines of {job} have a gap"));
            let Some(heard) = heard.get(job) else {
                verdict.hold(false, || format!("{job} was never heard of"));
                continue;
            };
            verdict.hold(heard.lines == *lines, || {
                let first = heard.lines.iter().zip(lines).find(|(heard, said)| heard != said);
                let (count, all, came_back) = (heard.lines.len(), lines.len(), heard.came_back);
                format!("{count} lines of {job} were heard in {came_back} goes, and {all} said; they part at {first:?}")
            });
        }
        Ok(heard.values().map(|heard| heard.lines.len()).sum())
    }
}

/// A database answers in lines, so that of a text of several the first is compared.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim_end().to_owned()
}

fn locked(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Until every job has told its end, or the time for that is over.
fn listen(known: &Mutex<Known>, cookie: &str) -> BTreeMap<String, Heard> {
    let mut all: BTreeMap<String, Heard> = BTreeMap::new();
    let mut turn = 0;
    loop {
        std::thread::sleep(TICK);
        let (portals, rests_since) = {
            let known = locked(known);
            for job in &known.jobs {
                all.entry(job.clone()).or_default();
            }
            (known.portals.clone(), known.rests_since)
        };
        for (job, heard) in all.iter_mut().filter(|(_, heard)| !heard.has_ended) {
            turn += 1;
            heard.go_on(job, &portals, turn, cookie);
        }
        let all_ended = all.values().all(|heard| heard.has_ended);
        if rests_since.is_some_and(|since| all_ended || since.elapsed() > LONGEST) {
            return all;
        }
    }
}

impl Heard {
    /// Hears what has arrived; listens anew where nobody is listened to, or to somebody who cannot be asked now.
    fn go_on(&mut self, job: &str, portals: &[String], turn: usize, cookie: &str) {
        if let Some(mut open) = self.socket.take() {
            if portals.contains(&open.portal) && open.hear(self) {
                self.socket = Some(open);
            }
            return;
        }
        let Some(portal) = portals.get(turn % portals.len().max(1)) else { return };
        let last = self.lines.last().map(|(number, _)| *number);
        let path = format!("/jobs/{job}/events");
        // Who was killed a moment ago refuses, and another is asked next time.
        let Ok(socket) = wire::listen(portal, &path, cookie, last) else { return };
        if socket.set_nonblocking(true).is_ok() {
            self.came_back += 1;
            let portal = portal.clone();
            self.socket = Some(Listened { portal, socket, rest: Vec::new(), fields: BTreeMap::new() });
        }
    }
}

impl Listened {
    /// False where nothing more comes of it.
    fn hear(&mut self, heard: &mut Heard) -> bool {
        let mut buffer = [0; 1 << 14];
        let goes_on = match self.socket.read(&mut buffer) {
            Ok(0) => false,
            Ok(length) => {
                self.rest.extend_from_slice(&buffer[..length]);
                true
            }
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        };
        let Some(end) = self.rest.iter().rposition(|byte| *byte == b'\n') else { return goes_on };
        let whole: Vec<u8> = self.rest.drain(..=end).collect();
        for line in String::from_utf8_lossy(&whole).lines() {
            match line.split_once(": ") {
                Some((field, value)) => drop(self.fields.insert(field.to_owned(), value.to_owned())),
                // An empty line ends the head of the answer, an event, or a chunk.
                None if line.is_empty() => self.tell(heard),
                None => {}
            }
        }
        goes_on && !heard.has_ended
    }

    fn tell(&mut self, heard: &mut Heard) {
        let fields = std::mem::take(&mut self.fields);
        match fields.get("event").map(String::as_str) {
            Some("end") => heard.has_ended = true,
            Some("line") => {
                let line: Value =
                    fields.get("data").and_then(|data| serde_json::from_str(data).ok()).unwrap_or_default();
                let number = fields.get("id").and_then(|id| id.parse().ok()).unwrap_or_default();
                heard.lines.push((number, first_line(line["text"].as_str().unwrap_or_default())));
            }
            _ => {}
        }
    }
}
