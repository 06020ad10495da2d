//! A mail server at the wire: it speaks SMTP, answers what a story tells it to, and keeps every message that it took.

use std::collections::VecDeque;
use std::io::Result;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_util::task::AbortOnDropHandle;

#[derive(Default)]
struct Kept {
    /// To the next RCPT commands; then all are taken.
    refusals: VecDeque<&'static str>,
    messages: Vec<String>,
}

/// How a connection to it is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    None,
    /// Nothing is taken before.
    Starttls,
    Implicit,
}

pub struct MailServer {
    /// `127.0.0.1:PORT`.
    pub place: String,
    kept: Arc<Mutex<Kept>>,
    folder: tempfile::TempDir,
    _serving: AbortOnDropHandle<()>,
}

impl MailServer {
    pub async fn start() -> MailServer {
        MailServer::guarded(Guard::None).await
    }

    /// With a certificate for `localhost`, which nobody knows who is not told.
    pub async fn guarded(guard: Guard) -> MailServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = listener.local_addr().unwrap().to_string();
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        std::fs::write(folder.path().join("ca.pem"), made.cert.pem()).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let _ = rustls::crypto::ring::default_provider().install_default();
        let config = ServerConfig::builder().with_no_client_auth();
        let config = config.with_single_cert(vec![made.cert.der().clone()], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let kept = Arc::new(Mutex::new(Kept::default()));
        let of_server = kept.clone();
        let serving = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, acceptor) = (of_server.clone(), acceptor.clone());
                tokio::spawn(async move {
                    // A client that goes away in the middle is its own affair.
                    let _ = talk(stream, &kept, guard, &acceptor).await;
                });
            }
        });
        MailServer { place, kept, folder, _serving: AbortOnDropHandle::new(serving) }
    }

    /// Under the name of its certificate.
    pub fn named(&self) -> String {
        self.place.replace("127.0.0.1", "localhost")
    }

    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The next recipients are answered so, each one.
    pub fn refuses(&self, answers: &[&'static str]) {
        self.kept.lock().unwrap().refusals.extend(answers);
    }

    pub fn messages(&self) -> Vec<String> {
        self.kept.lock().unwrap().messages.clone()
    }
}

async fn talk(mut stream: TcpStream, kept: &Mutex<Kept>, guard: Guard, acceptor: &TlsAcceptor) -> Result<()> {
    match guard {
        Guard::None => {
            stream.write_all(GREETING).await?;
            converse(stream, kept, false).await.map(drop)
        }
        Guard::Implicit => {
            let mut stream = acceptor.accept(stream).await?;
            stream.write_all(GREETING).await?;
            converse(stream, kept, false).await.map(drop)
        }
        Guard::Starttls => {
            stream.write_all(GREETING).await?;
            let Some(stream) = converse(stream, kept, true).await? else { return Ok(()) };
            converse(acceptor.accept(stream).await?, kept, false).await.map(drop)
        }
    }
}

const GREETING: &[u8] = b"220 test ESMTP\r\n";

/// Until the client goes, or wants to go on protected.
async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    kept: &Mutex<Kept>,
    unguarded: bool,
) -> Result<Option<S>> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while stream.read_line(&mut line).await? > 0 {
        let verb = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" if unguarded => "250-test\r\n250 STARTTLS",
            "EHLO" => "250-test\r\n250 8BITMIME",
            "STARTTLS" if unguarded => {
                stream.write_all(b"220 go on\r\n").await?;
                return Ok(Some(stream.into_inner()));
            }
            "MAIL" if unguarded => "530 not before STARTTLS",
            "RCPT" => kept.lock().unwrap().refusals.pop_front().unwrap_or("250 taken"),
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let message = message(&mut stream).await?;
                kept.lock().unwrap().messages.push(message);
                "250 taken"
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").await?;
                return Ok(None);
            }
            _ => "250 fine",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
        line.clear();
    }
    Ok(None)
}

/// Up to the lone dot.
async fn message<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>) -> Result<String> {
    let (mut message, mut line) = (String::new(), String::new());
    while stream.read_line(&mut line).await? > 0 && line.trim_end() != "." {
        message.push_str(line.strip_prefix('.').unwrap_or(&line).trim_end());
        message.push('\n');
        line.clear();
    }
    Ok(message)
}

/// The value of a header, which stands on one line here.
pub fn header<'a>(message: &'a str, name: &str) -> &'a str {
    let line = message.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    line.unwrap_or_else(|| panic!("no {name} in {message}"))
}
