//! TLS by the portal itself: a real handshake against an authority of one's own, another certificate without a restart, and
//! what becomes of those who speak something else or nothing.

use crate::support::bed::Bed;
use crate::support::portal::Portal;
use keystead::config::Tls;
use keystead::http::certificate::Certificate;
use keystead::http::serving::Serving;
use rcgen::{BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use url::Url;

const NAME: &str = "keystead.contoso.example";
/// Longer than any test takes.
const PATIENT: Duration = Duration::from_secs(600);
/// So short that nobody waits for it, and over before anybody has sent anything more.
const IMPATIENT: Duration = Duration::from_millis(50);

/// An authority that nobody but the test trusts; PEM of its certificate.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Authority {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "contoso.example authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Authority { issuer: Issuer::new(params, key), pem }
    }

    /// Writes a new certificate and its key.
    fn issue(&self, files: &Tls) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([NAME.to_owned()]).unwrap().signed_by(&key, &self.issuer).unwrap();
        std::fs::write(&files.certificate, certificate.pem()).unwrap();
        std::fs::write(&files.key, key.serialize_pem()).unwrap();
    }

    /// Finds the name where the portal listens, and trusts nobody else.
    fn client(&self, address: SocketAddr) -> reqwest::Client {
        let own = reqwest::Certificate::from_pem(self.pem.as_bytes()).unwrap();
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        client.tls_certs_only([own]).resolve(NAME, address).build().unwrap()
    }
}

fn files(folder: &Path) -> Tls {
    Tls { certificate: folder.join("certificate.pem"), key: folder.join("key.pem") }
}

struct Running {
    address: SocketAddr,
    stop: CancellationToken,
    ended: tokio::task::JoinHandle<()>,
}

impl Running {
    async fn start(portal: &Portal, certificate: Option<std::sync::Arc<Certificate>>, head: Duration) -> Running {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let public = Url::parse(&format!("https://{NAME}")).unwrap();
        let serving = Serving { listener, certificate, head, public };
        let (router, until) = (portal.router.clone(), stop.clone());
        let ended = tokio::spawn(async move { serving.run(router, until).await.unwrap() });
        Running { address, stop, ended }
    }

    /// Ends, and with it every connection that has nothing to say.
    async fn end(self) {
        self.stop.cancel();
        self.ended.await.unwrap();
    }

    /// Sends this and reads until the portal hangs up.
    async fn told(&self, said: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(said).await.unwrap();
        let mut answer = Vec::new();
        // A connection that is reset has ended too.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }
}

async fn portal_over_https(bed: &Bed) -> Portal {
    Portal::configured(bed.store.clone(), |config| config.public = Url::parse(&format!("https://{NAME}")).ok()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_portal_shows_its_certificate_and_another_one_once_its_files_have_changed() {
    let bed = Bed::sqlite().await;
    let portal = portal_over_https(&bed).await;
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    let (first, second) = (Authority::new(), Authority::new());
    first.issue(&files);
    let certificate = Certificate::read(&files).unwrap();
    let running = Running::start(&portal, Some(certificate.clone()), PATIENT).await;
    let ask = |authority: &Authority| authority.client(running.address).get(format!("https://{NAME}/sign-in")).send();
    let seen = ask(&first).await.unwrap();
    assert_eq!((seen.status().as_u16(), seen.version()), (200, reqwest::Version::HTTP_2));
    assert_eq!(seen.headers()["strict-transport-security"], "max-age=31536000");
    let sent = first
        .client(running.address)
        .post(format!("https://{NAME}/sign-in"))
        .form(&[("account", ""), ("back", "/")])
        .send()
        .await
        .unwrap();
    let cookie = sent.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-keystead=") && cookie.contains("; Secure"), "{cookie}");
    assert!(ask(&second).await.is_err(), "nobody trusts who did not sign");

    assert!(!certificate.look().unwrap(), "nothing has changed");
    // Half-way: the certificate is there and its key is not yet.
    let old = std::fs::read(&files.key).unwrap();
    second.issue(&files);
    let new = std::fs::read(&files.key).unwrap();
    std::fs::write(&files.key, old).unwrap();
    let said = certificate.look().unwrap_err().to_string();
    assert!(said.starts_with("the key in ") && said.contains("does not belong to the certificate in "), "{said}");
    assert!(ask(&first).await.is_ok(), "what fits goes on");
    std::fs::write(&files.key, new).unwrap();
    assert!(certificate.look().unwrap());
    assert!(ask(&second).await.is_ok() && ask(&first).await.is_err());
    running.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_speaks_no_tls_is_told_where_to_go() {
    let bed = Bed::sqlite().await;
    let portal = portal_over_https(&bed).await;
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    Authority::new().issue(&files);
    let running = Running::start(&portal, Certificate::read(&files).ok(), PATIENT).await;
    let told = running.told(b"GET / HTTP/1.1\r\nhost: keystead.contoso.example\r\n\r\n").await;
    assert!(
        told.starts_with("HTTP/1.1 400 Bad Request\r\n") && told.contains("https://keystead.contoso.example"),
        "{told}"
    );
    running.end().await;
}

#[test]
fn files_that_do_not_fit_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    let said = || Certificate::read(&files).unwrap_err().to_string();
    assert!(said().starts_with("reading ") && said().contains("certificate.pem, which tls names: "), "{}", said());
    Authority::new().issue(&files);
    let (certificate, key) = (std::fs::read(&files.certificate).unwrap(), std::fs::read(&files.key).unwrap());
    assert!(Certificate::read(&files).is_ok());
    std::fs::write(&files.certificate, "no certificate").unwrap();
    assert!(said().contains("certificate.pem, which tls.certificate names, holds no certificate as PEM"), "{}", said());
    std::fs::write(&files.certificate, certificate).unwrap();
    std::fs::write(&files.key, "no key").unwrap();
    assert!(said().contains("key.pem, which tls.key names, holds no private key as PEM"), "{}", said());
    std::fs::write(&files.key, KeyPair::generate().unwrap().serialize_pem()).unwrap();
    assert!(said().contains("does not belong to the certificate"), "{}", said());
    let shown = format!("{:?}", {
        std::fs::write(&files.key, &key).unwrap();
        Certificate::read(&files).unwrap()
    });
    assert!(!shown.contains("PRIVATE") && !shown.contains("Signing"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sends_too_slowly_is_sent_away() {
    let bed = Bed::sqlite().await;
    let portal = Portal::configured(bed.store.clone(), |_| {}).await;
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    Authority::new().issue(&files);
    for certificate in [None, Certificate::read(&files).ok()] {
        let running = Running::start(&portal, certificate.clone(), IMPATIENT).await;
        // Nothing, less than tells one HTTP from the other, half a head, half a TLS handshake.
        let starts: [&[u8]; 4] =
            [b"", b"GET", b"GET /sign-in HTTP/1.1\r\nhost: keystead.example\r\nx-slow: ", b"\x16\x03\x01"];
        for start in starts {
            let told = running.told(start).await;
            assert!(!told.contains("200 OK"), "{told}");
        }
        running.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_go_on_is_not_waited_for() {
    let bed = Bed::sqlite().await;
    let portal = Portal::configured(bed.store.clone(), |config| config.limits.body_seconds = 1).await;
    let running = Running::start(&portal, None, PATIENT).await;
    let start = "POST /sign-in HTTP/1.1\r\nhost: 127.0.0.1:4170\r\norigin: http://127.0.0.1:4170\r\n\
        content-type: application/x-www-form-urlencoded\r\ncontent-length: 1000\r\n\r\naccount=mem";
    let told = running.told(start.as_bytes()).await;
    assert!(told.starts_with("HTTP/1.1 4"), "{told}");
    running.end().await;
}

/// What `limits.head_seconds` bounds is also how long a connection is kept on which nothing more is asked.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_on_which_nothing_more_is_asked_is_closed() {
    let bed = Bed::sqlite().await;
    let portal = Portal::configured(bed.store.clone(), |_| {}).await;
    let running = Running::start(&portal, None, Duration::from_millis(500)).await;
    let twice = b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\nGET /healthz HTTP/1.1\r\nhost: a\r\n\r\n";
    let told = tokio::time::timeout(PATIENT / 20, running.told(twice)).await.expect("it is kept for ever");
    assert_eq!(told.matches("HTTP/1.1 200 OK").count(), 2, "kept as long as something is asked: {told}");
    assert!(!told.to_lowercase().contains("connection: close"), "nobody said that it was over: {told}");
    running.end().await;
}
