//! Plain HTTP over a socket, where the moment counts at which bytes arrive.

use anyhow::{Context, Result, bail};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const LONGEST_ANSWER: Duration = Duration::from_secs(20);

/// Asks for a page; the socket with its answer still to come.
pub fn ask(portal: &str, path: &str, cookie: &str) -> Result<TcpStream> {
    listen(portal, path, cookie, None)
}

/// Asks for a stream of events, behind the last that was heard.
pub fn listen(portal: &str, path: &str, cookie: &str, last: Option<i64>) -> Result<TcpStream> {
    let host = portal.trim_start_matches("http://");
    let mut socket = TcpStream::connect(host).with_context(|| format!("connecting to {host}"))?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(LONGEST_ANSWER))?;
    let last = last.map(|last| format!("last-event-id: {last}\r\n")).unwrap_or_default();
    let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\naccept: */*\r\n{last}\r\n");
    socket.write_all(request.as_bytes())?;
    Ok(socket)
}

/// Milliseconds until the first byte of a page that is there.
pub fn first_byte_ms(portal: &str, path: &str, cookie: &str) -> Result<f64> {
    let begun = Instant::now();
    let mut socket = ask(portal, path, cookie)?;
    let mut head = [0; 12];
    socket.read_exact(&mut head)?;
    let taken = begun.elapsed();
    if &head != b"HTTP/1.1 200" {
        bail!("{path} answered {}", String::from_utf8_lossy(&head));
    }
    Ok(taken.as_secs_f64() * 1000.0)
}

/// The value below which so many of a hundred lie; of nothing, zero.
pub fn percentile(values: &mut [f64], of_a_hundred: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (values.len() * of_a_hundred).div_ceil(100).saturating_sub(1);
    values.get(at).copied().unwrap_or_default()
}
