//! The log of a container: one file for each start, a time before each line, bounded in size.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

use crate::kubernetes::cluster::Cluster;
use crate::kubernetes::object;

/// How large a file may grow; then it becomes the older half and a new one begins.
const HALF: u64 = 512 * 1024;
/// The longest line that is kept whole.
const LONGEST: usize = 16 * 1024;

/// One line that a program wrote.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub time: Timestamp,
    /// `stdout` or `stderr`.
    pub stream: String,
    pub text: String,
}

/// The log of one start of a container.
#[derive(Debug, Clone)]
pub struct Log {
    path: PathBuf,
    pub container: String,
    /// How often the container had been restarted before.
    pub turn: i64,
}

impl Log {
    pub fn of(cluster: &Cluster, pod_uid: &str, container: &str, turn: i64) -> Self {
        Self::at(&cluster.pod_folder(pod_uid), container, turn)
    }

    /// The log below a pod's folder.
    pub fn at(pod_folder: &std::path::Path, container: &str, turn: i64) -> Self {
        let path = pod_folder.join("log").join(container).join(format!("{turn}.log"));
        Self { path, container: container.to_string(), turn }
    }

    fn older(&self) -> PathBuf {
        self.path.with_extension("older.log")
    }

    /// Every line that is kept, oldest first.
    pub fn lines(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for path in [self.older(), self.path.clone()] {
            let text = std::fs::read(path).unwrap_or_default();
            lines.extend(String::from_utf8_lossy(&text).lines().filter_map(parse));
        }
        lines
    }

    /// Adds a line.
    pub fn write(&self, time: Timestamp, stream: &str, text: &str) -> std::io::Result<()> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = std::fs::File::options().create(true).append(true).open(&self.path)?;
        writeln!(file, "{} {stream} {text}", time.strftime("%Y-%m-%dT%H:%M:%S.%9fZ"))?;
        if file.metadata()?.len() > HALF {
            std::fs::rename(&self.path, self.older())?;
        }
        Ok(())
    }

    /// Writes down what a program writes, until it ends.
    pub async fn keep(self, cluster: Arc<Cluster>, stream: &'static str, source: impl AsyncRead + Unpin) {
        let mut source = BufReader::new(source);
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            match source.read_until(b'\n', &mut bytes).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            let end = bytes.len().min(LONGEST);
            let text = String::from_utf8_lossy(&bytes[..end]);
            if let Err(error) = self.write(cluster.now(), stream, text.trim_end_matches(['\n', '\r'])) {
                tracing::warn!(%error, path = %self.path.display(), "a line of a container's log was lost");
            }
        }
    }
}

fn parse(line: &str) -> Option<Line> {
    let mut parts = line.splitn(3, ' ');
    let time = parts.next()?.parse().ok()?;
    let stream = parts.next()?.to_string();
    Some(Line { time, stream, text: parts.next().unwrap_or("").to_string() })
}

/// Clears a pod's folder away some time after its end: what collects logs is given time to read the last lines.
pub fn clear_later(cluster: &Arc<Cluster>, pod: &Value) {
    let folder = cluster.pod_folder(object::uid(pod));
    let cluster = cluster.clone();
    tokio::spawn(async move {
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(300)) => {}
            () = cluster.stopping.cancelled() => return,
        }
        // Already gone is as good.
        let _ = tokio::fs::remove_dir_all(folder).await;
    });
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lines_are_read_as_they_were_written_and_the_oldest_go_first() {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::at(folder.path(), "web", 0);
        let time: Timestamp = "2026-01-01T00:00:00.123456789Z".parse().unwrap();
        log.write(time, "stdout", "hello  world").unwrap();
        log.write(time, "stderr", "").unwrap();
        let lines = log.lines();
        assert_eq!(lines[0], Line { time, stream: "stdout".into(), text: "hello  world".into() });
        assert_eq!(lines[1].stream, "stderr");
        for number in 0..30_000 {
            log.write(time, "stdout", &format!("line {number} of a program that has much to say")).unwrap();
        }
        let lines = log.lines();
        assert!(lines.last().unwrap().text.starts_with("line 29999"));
        assert!(lines.len() < 30_000, "{}", lines.len());
    }
}
