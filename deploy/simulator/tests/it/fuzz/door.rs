//! Sends the front door what is no request, and requests that no site is behind.
use reqwest::StatusCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::visitor::Visitor;

/// What the door says to these bytes, until it closes the connection.
async fn said(visitor: &Visitor, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", visitor.world().door_port)).await.unwrap();
    // It may hang up before it has read all.
    let _ = stream.write_all(bytes).await;
    let _ = stream.shutdown().await;
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said).await;
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test]
async fn bytes_that_are_no_request_close_their_own_connection_and_no_other() {
    super::listen_for_panics();
    let visitor = Visitor::arrive().await;
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(100_000));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(500));
    for bytes in [
        b"\r\n\r\n".as_slice(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET",
        b"GET  HTTP/1.1\r\n\r\n",
        b"CONNECT HTTP/1.1\r\n\r\n",
        b"CONNECT / HTTP/1.1\r\n\r\n",
        b"CONNECT : HTTP/1.1\r\n\r\n",
        b"CONNECT [::1 HTTP/1.1\r\n\r\n",
        b"CONNECT [::1]:443 HTTP/1.1\r\n\r\n",
        b"CONNECT management.azure.com:99999 HTTP/1.1\r\n\r\n",
        b"CONNECT management.azure.com:0 HTTP/1.1\r\n\r\n",
        b"CONNECT management.azure.com:443 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        b"CONNECT .vault.azure.net:443 HTTP/1.1\r\n\r\n",
        b"CONNECT *.vault.azure.net:443 HTTP/1.1\r\n\r\n",
        b"CONNECT a@b:443 HTTP/1.1\r\n\r\n",
        b"CONNECT xn--zz\xc3\xa9.oic.prod-aks.azure.com:443 HTTP/1.1\r\n\r\n",
        b"GET http:// HTTP/1.1\r\n\r\n",
        b"GET http://169.254.169.254 HTTP/1.1\r\n\r\n",
        b"GET http://169.254.169.254/metadata/identity/oauth2/token?%ff HTTP/1.1\r\nmetadata: true\r\n\r\n",
        b"GET http://control.simulator/world HTTP/1.1\r\nproxy-authorization: Basic \xff\r\n\r\n",
        b"GET http://control.simulator/world HTTP/1.1\r\nproxy-authorization: Basic Og==\r\n\r\n",
        b"POST /faults HTTP/1.1\r\ncontent-length: 99999999999999999999\r\n\r\n",
        b"POST /faults HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n",
        b"OPTIONS * HTTP/1.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        long.as_bytes(),
        many.as_bytes(),
    ] {
        let said = said(&visitor, bytes).await;
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(80)]);
        assert!(!said.starts_with("HTTP/1.1 500"), "{shown:?}: {said}");
    }
    let panics = super::PANICS.take();
    assert!(panics.is_empty(), "{}", panics.join("\n"));
    let alive = visitor.anybody().get("http://control.simulator/alive").send().await.unwrap();
    assert_eq!(alive.status(), StatusCode::OK);
}
