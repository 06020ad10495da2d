//! Sends the sign-in port what is cut, has wrong sizes or is no text: each connection ends with a refusal or in silence,
//! nothing panics, and the next client is served.
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{PANICS, listen_for_panics, number};
use crate::visitor::Visitor;

/// How many conversations, where nobody asks for more.
const CASES: u64 = 400;
/// Longer than any answer takes: a connection that is open still is held.
const PATIENCE: Duration = Duration::from_secs(20);

/// One thing that is wrong with the bytes of a conversation.
#[derive(Clone, Debug)]
enum Wrong {
    /// The rest is missing.
    Cut(Index),
    /// Another byte.
    Byte(Index, u8),
    /// Bytes in between, which are mostly no UTF-8.
    Between(Index, Vec<u8>),
    /// Four bytes, which may be those of a size.
    Size(Index, u32),
    /// The same again.
    Twice(Index),
}

impl Wrong {
    fn put_into(&self, bytes: &mut Vec<u8>) {
        let at = |index: &Index, length: usize| if length == 0 { 0 } else { index.index(length) };
        let length = bytes.len();
        match self {
            Self::Cut(index) => bytes.truncate(at(index, length)),
            Self::Byte(index, byte) => {
                if let Some(found) = bytes.get_mut(at(index, length)) {
                    *found = *byte;
                }
            }
            Self::Between(index, more) => drop(bytes.splice(at(index, length)..at(index, length), more.clone())),
            Self::Size(index, size) => {
                let from = at(index, length);
                let until = length.min(from + 4);
                bytes[from..until].copy_from_slice(&size.to_be_bytes()[..until - from]);
            }
            Self::Twice(index) => {
                let again = bytes[at(index, length)..].to_vec();
                bytes.extend(again);
            }
        }
    }
}

fn wrongs() -> impl Strategy<Value = Vec<Wrong>> {
    let sizes = prop_oneof![0..8_u32, Just(u32::MAX), Just(i32::MAX.unsigned_abs()), any::<u32>()];
    let one = prop_oneof![
        any::<Index>().prop_map(Wrong::Cut),
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Wrong::Byte(at, byte)),
        (any::<Index>(), prop::collection::vec(any::<u8>(), 1..12)).prop_map(|(at, more)| Wrong::Between(at, more)),
        (any::<Index>(), sizes).prop_map(|(at, size)| Wrong::Size(at, size)),
        any::<Index>().prop_map(Wrong::Twice),
    ];
    prop::collection::vec(one, 1..4)
}

/// Says these bytes and nothing more; the answer until the other side hangs up, or nothing where it does not.
async fn said(mut stream: impl AsyncRead + AsyncWrite + Unpin, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut answer = Vec::new();
    let talk = async {
        // It may hang up before it has read all.
        let _ = stream.write_all(bytes).await;
        let _ = stream.shutdown().await;
        let _ = stream.read_to_end(&mut answer).await;
    };
    tokio::time::timeout(PATIENCE, talk).await.ok()?;
    Some(answer)
}

/// One wrong conversation after the other; `talk` gives the answer to one, where it ended.
fn fuzz(
    runtime: &tokio::runtime::Runtime,
    all: &[Vec<u8>],
    talk: impl AsyncFn(&[u8]) -> Option<Vec<u8>>,
    is_good: impl Fn(&[u8]) -> bool,
) {
    listen_for_panics();
    let config = Config {
        cases: u32::try_from(number("FUZZ_CASES", CASES)).unwrap(),
        rng_seed: RngSeed::Fixed(number("FUZZ_SEED", 1)),
        failure_persistence: None,
        max_shrink_iters: 100,
        ..Config::default()
    };
    let made = |which: &Index, wrongs: &[Wrong]| {
        let mut bytes = which.get(all).clone();
        wrongs.iter().for_each(|wrong| wrong.put_into(&mut bytes));
        bytes
    };
    let outcome = TestRunner::new(config).run(&(any::<Index>(), wrongs()), |(which, wrongs)| {
        let answer = runtime.block_on(talk(&made(&which, &wrongs)));
        let panics = PANICS.take();
        prop_assert!(panics.is_empty(), "{}", panics.join("\n"));
        prop_assert!(answer.is_some(), "the connection is held");
        let answer = answer.unwrap_or_default();
        prop_assert!(is_good(&answer), "{}", String::from_utf8_lossy(&answer));
        Ok(())
    });
    if let Err(TestError::Fail(why, (which, wrongs))) = outcome {
        panic!("{why}\n{:?}", String::from_utf8_lossy(&made(&which, &wrongs)));
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn no_bytes_are_too_much_for_the_sign_in_port() {
    let runtime = runtime();
    let visitor = runtime.block_on(Visitor::arrive());
    let told = visitor.world().facts.all()["sign_in"].clone();
    let address = told["issuer"].as_str().unwrap().trim_start_matches("http://").to_owned();
    let (client, secret) = (told["client_id"].as_str().unwrap(), told["client_secret"].as_str().unwrap());
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    let post = |path: &str, form: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            form.len()
        )
    };
    let query = format!(
        "client_id={client}&redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2Fcallback&response_type=code&scope=openid&state=s&nonce=n&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
    );
    let all: Vec<Vec<u8>> = [
        get("/keys"),
        get(&format!("/authorize?{query}")),
        get("/logout?post_logout_redirect_uri=http%3A%2F%2F127.0.0.1%3A9%2F&id_token_hint=a.b.c"),
        post("/authorize", &format!("{query}&account=ada")),
        post("/token", &format!("grant_type=authorization_code&code=abc&client_id={client}&client_secret={secret}")),
        post("/token", &format!("grant_type=refresh_token&refresh_token=%C3%A9&client_id={client}&client_assertion=a.b.c&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer")),
    ]
    .map(String::into_bytes)
    .into();
    let talk = async |bytes: &[u8]| said(TcpStream::connect(&address).await.unwrap(), bytes).await;
    let is_good =
        |answer: &[u8]| answer.is_empty() || answer.starts_with(b"HTTP/1.") && !answer[8..].starts_with(b" 500");
    fuzz(&runtime, &all, talk, is_good);
    for (bytes, status) in [
        (b"\xff\xfe\x00 nonsense\r\n\r\n".as_slice(), "400"),
        (b"GET /keys HTTP/9.9\r\n\r\n", "400"),
        (b"POST /token HTTP/1.1\r\ncontent-length: -1\r\n\r\n", "400"),
        (b"GET /authorize?client_id=%ff&redirect_uri=%00 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n", "400"),
        (b"POST /token HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 3\r\n\r\n\xff\xff\xff", "400"),
    ] {
        let answer = runtime.block_on(talk(bytes)).unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert_eq!(answer.get(9..12), Some(status), "{:?}: {answer}", String::from_utf8_lossy(bytes));
    }
    let answer = runtime.block_on(talk(&all[0])).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"), "the next is served");
    runtime.block_on(visitor.simulator.stop());
}
