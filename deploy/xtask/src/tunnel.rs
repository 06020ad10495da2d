//! Leads a client that knows no proxy through one: a port here, each connection of which is a tunnel to one name.

use std::io::{Read, Write, copy};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::thread;

use anyhow::{Result, bail};

/// Listens on a free port until this program ends; `proxy` is `HOST:PORT`, `name` what the proxy is asked for.
pub fn listen(proxy: &str, name: &str) -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    let (proxy, name) = (proxy.to_owned(), name.to_owned());
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let (proxy, name) = (proxy.clone(), name.clone());
            // A tunnel that fails is an error that the client counts.
            thread::spawn(move || open(&proxy, &name).and_then(|server| join(client, server)));
        }
    });
    Ok(port)
}

fn open(proxy: &str, name: &str) -> Result<TcpStream> {
    let mut server = TcpStream::connect(proxy)?;
    server.set_nodelay(true)?;
    server.write_all(format!("CONNECT {name} HTTP/1.1\r\nhost: {name}\r\n\r\n").as_bytes())?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        server.read_exact(&mut byte)?;
        answer.extend(byte);
    }
    if !answer.starts_with(b"HTTP/1.1 200") {
        bail!("the proxy opens no tunnel to {name}: {}", String::from_utf8_lossy(&answer));
    }
    Ok(server)
}

fn join(client: TcpStream, server: TcpStream) -> Result<()> {
    client.set_nodelay(true)?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    let there = thread::spawn(move || {
        let _ = copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let (mut from_server, mut to_client) = (server, client);
    let _ = copy(&mut from_server, &mut to_client);
    let _ = to_client.shutdown(Shutdown::Both);
    let _ = there.join();
    Ok(())
}
