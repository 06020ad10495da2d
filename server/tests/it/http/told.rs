//! `docs/api.md`, copied and pasted: every block of shell runs, in order, against a portal that serves.

use crate::support::bed::Bed;
use crate::support::living::ticking;
use crate::support::portal::Portal;
use std::process::Stdio;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// What stands between the fences of shell.
fn blocks(text: &str) -> Vec<&str> {
    let blocks: Vec<&str> = text.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(blocks.len() > 5, "the document is written otherwise now");
    blocks
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_document_says_can_be_pasted_into_a_shell() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    // As the document asks: each has signed in once.
    portal.member().await;
    portal.manager().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = portal.router.clone();
    let _serves = AbortOnDropHandle::new(tokio::spawn(async move { axum::serve(listener, router).await.unwrap() }));
    let _works = AbortOnDropHandle::new(tokio::spawn(portal.engine.clone().run(CancellationToken::new())));
    let _ticks = ticking(&portal);

    let text = include_str!("../../../../docs/api.md");
    let script = blocks(text).concat().replace("http://127.0.0.1:4170", &address);
    // Nothing runs the template's own image here.
    let image = r#""image": "registry.contoso.example/pause:1.0.0", "reason": "A first try""#;
    let script = script.replace(r#""reason": "A first try""#, image);
    let script = script.replace("target/debug/keystead", env!("CARGO_BIN_EXE_keystead"));
    let folder = tempfile::tempdir().unwrap();
    let mut shell = Command::new("bash");
    shell.args(["-euo", "pipefail", "-c", &script]).current_dir(folder.path()).kill_on_drop(true);
    shell.env_remove("DATABASE_URL").env("KEYSTEAD__DATABASE", &bed.url).env("KEYSTEAD__DATA", folder.path());
    let ended = shell.stdin(Stdio::null()).output().await.unwrap();
    let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{out}\n{err}");
    for said in
        ["\"next\":null", "HTTP/1.1 201", "idempotency-replayed: true", "HTTP/1.1 412", "#/region", "Is `nodes` meant?"]
    {
        assert!(out.contains(said), "{said} is missing: {out}\n{err}");
    }
}
