//! The program itself, as a platform starts it: what it refuses to begin with, and what its short commands answer.

use crate::support::bed::{Bed, sql};
use crate::support::portal::Portal;
use domain::permission::Action;
use keystead::store::{Store, Use, agreed};
use std::path::Path;
use std::process::{Command, Output};

/// Runs it with these variables and nothing else that could configure it.
fn keystead(data: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keystead"));
    command.args(arguments).current_dir(data).env_remove("DATABASE_URL").env("KEYSTEAD__DATA", data);
    command.envs(variables.iter().copied()).output().unwrap()
}

fn complaint(output: &Output) -> String {
    assert!(!output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).trim().to_owned()
}

#[tokio::test]
async fn a_second_server_on_one_file_says_so_and_ends() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("keystead.db");
    let _first = Store::open(&path.display().to_string(), Use::Server).await.unwrap();
    let said = complaint(&keystead(data.path(), &[], &[]));
    let wanted = format!(
        "keystead: another Keystead server is using {}: stop it first, or give this one a database of its own",
        path.display()
    );
    assert_eq!(said, wanted);
    assert!(!data.path().join("azure").exists(), "nothing was begun");
}

#[tokio::test]
async fn a_server_with_another_sealing_key_does_not_start() {
    let bed = Bed::postgres().await;
    agreed::agree(&bed.store, agreed::SEAL_KEY, "0badcafe").await.unwrap();
    let data = tempfile::tempdir().unwrap();
    let address = [("DATABASE_URL", bed.url.as_str())];
    let said = complaint(&keystead(data.path(), &address, &[]));
    assert!(said.starts_with("keystead: the secrets of this database are sealed with key 0badcafe, and "), "{said}");
    assert!(keystead(data.path(), &address, &["migrate", "--new-seal-key"]).status.success());
    let agreed = agreed::agree(&bed.store, agreed::SEAL_KEY, "").await.unwrap();
    assert_ne!(agreed, "0badcafe");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_made_on_the_host_narrowed_and_within_the_longest_lifetime() {
    let bed = Bed::postgres().await;
    let portal = Portal::over(&bed).await;
    portal.member().await;
    let data = tempfile::tempdir().unwrap();
    let address = [("DATABASE_URL", bed.url.as_str())];
    let create = |more: &[&str]| keystead(data.path(), &address, &[&["token", "create"], more].concat());
    let person = ["--for", "member@contoso.example", "--expires", "30d"];
    let narrow = ["--scope", "see,request", "--team", "payments", "--name", "ci"];
    let made = create(&[&person[..], &narrow[..]].concat());
    let token = String::from_utf8_lossy(&made.stdout).trim().to_owned();
    let caller = portal.accounts.owner(&token, None).await.unwrap().unwrap();
    let pass = caller.pass.clone().unwrap();
    assert_eq!((caller.account.name.as_str(), pass.name.as_str()), ("member@contoso.example", "ci"));
    assert!(pass.has(Action::Request) && !pass.has(Action::Decide) && pass.teams.is_some());
    let service = create(&["--for", "service:payments/nightly", "--expires", "12h"]);
    let token = String::from_utf8_lossy(&service.stdout).trim().to_owned();
    let caller = portal.accounts.owner(&token, None).await.unwrap().unwrap();
    assert_eq!(caller.account.name, "service:payments/nightly");
    assert!(caller.pass.unwrap().program && token.starts_with("keystead_svc_"));
    for (arguments, said) in [
        (vec!["--for", "member@contoso.example", "--expires", "100d"], "at most 90 days"),
        (vec!["--for", "nobody@contoso.example", "--expires", "1d"], "has not signed in yet"),
        (vec!["--for", "service:payments", "--expires", "1d"], "service:TEAM/NAME"),
        (vec!["--for", "member@contoso.example", "--expires", "1d", "--scope", "everything"], "one of see, request"),
    ] {
        let complaint = complaint(&create(&arguments));
        assert!(complaint.contains(said), "{arguments:?}: {complaint}");
    }
}

#[tokio::test]
async fn a_key_is_changed_by_a_command_and_every_key_of_the_record_is_shown() {
    let bed = Bed::postgres().await;
    let data = tempfile::tempdir().unwrap();
    let address = [("DATABASE_URL", bed.url.as_str())];
    let said = |arguments: &[&str]| {
        let output = keystead(data.path(), &address, arguments);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let first = said(&["key", "list"]);
    assert!(first.ends_with(", seals") && first.lines().count() == 1, "{first}");
    let rotated = said(&["key", "rotate"]);
    assert!(rotated.contains(" seals from now on; 0 passwords were sealed anew. Key "), "{rotated}");
    let listed = said(&["key", "list"]);
    let lines: Vec<&str> = listed.lines().collect();
    assert!(!lines[0].ends_with("seals") && lines[1].ends_with(", seals"), "{listed}");
    assert!(listed.starts_with(first.trim_end_matches(", seals")), "{listed}");
    let publics = said(&["audit", "key"]);
    assert!(publics.lines().zip(&lines).all(|(public, line)| line.contains(public)), "{publics}");

    // Keys as text: the command cannot write them, and takes the one that was added.
    let text = std::fs::read_to_string(data.path().join("seal.key")).unwrap();
    let text = [("KEYSTEAD__SEAL_KEY_TEXT", text.as_str()), ("DATABASE_URL", bed.url.as_str())];
    let refused = complaint(&keystead(data.path(), &text, &["key", "rotate"]));
    assert!(refused.contains("add a key of `keystead key new` at its end for every server"), "{refused}");
    let longer = format!("{} {}", text[0].1, said(&["key", "new"]));
    let longer = [("KEYSTEAD__SEAL_KEY_TEXT", longer.as_str()), ("DATABASE_URL", bed.url.as_str())];
    assert!(keystead(data.path(), &longer, &["key", "rotate"]).status.success());
    let said = complaint(&keystead(data.path(), &address, &[]));
    assert!(said.contains("give every server the same keys as seal_key or seal_key_text"), "{said}");
}

#[tokio::test]
async fn the_check_changes_nothing_and_its_exit_code_says_whether_all_is_well() {
    let bed = Bed::postgres().await;
    let data = tempfile::tempdir().unwrap();
    // The configuration's own word counts before the platform's.
    let variables = [("KEYSTEAD__DATABASE", bed.url.as_str()), ("DATABASE_URL", "postgres:///nowhere")];
    let check = || keystead(data.path(), &variables, &["migrate", "--check"]);
    let well = check();
    assert!(well.status.success(), "{well:?}");
    let said = String::from_utf8_lossy(&well.stdout);
    assert_eq!(said.trim(), "the schema is up to date, and every row is as its log says");

    let job = crate::support::bed::queued(&bed.store, "ledger-dev", Vec::new(), domain::Moment(0)).await;
    sql(&bed.store, "update job set steps_done = 3 where id = $1", &[job.id.as_str()]).await;
    assert!(complaint(&check()).contains("`keystead migrate --refold` mends them"));
    assert!(keystead(data.path(), &variables, &["migrate", "--refold"]).status.success());
    assert!(check().status.success());

    sql(&bed.store, "delete from _sqlx_migrations where version > 1", &[]).await;
    let said = complaint(&check());
    assert!(said.starts_with("still to be run: 2 ") && said.ends_with("; `keystead migrate` runs them"), "{said}");
    assert_eq!(complaint(&check()), said, "it was only a look");
}
