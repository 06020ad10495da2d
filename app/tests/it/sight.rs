//! Writes pages with their styles into a folder, for eyes: `KEYSTEAD_SIGHT=FOLDER cargo test … sight`.

use crate::fake::{Fake, page};
use crate::pages::{
    access, audit, changes, environment, environments, job, jobs, new_environment as form, notices, people, policies,
    programs, request, secrets,
};
use app::context::Theme;
use domain::failure::Mend;
use domain::form::Form;
use domain::request::State;
use domain::view::Can;
use std::path::Path;

/// The style sheet in the order in which it is put together: tokens, base, layout, components by name.
fn style() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("style");
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    let mut parts: Vec<_> =
        std::fs::read_dir(folder.join("components")).unwrap().map(|entry| entry.unwrap().path()).collect();
    parts.sort();
    let first = ["tokens.css", "base.css", "layout.css"].map(|name| folder.join(name));
    first.iter().chain(&parts).map(|path| read(path)).collect()
}

/// Each page's name, what the portal answers, and its address; on the heap, which has room for them all.
fn pages() -> Vec<(&'static str, Fake, &'static str)> {
    vec![
        ("sign-in", Fake { caller: None, ..Fake::default() }, "/sign-in"),
        ("environments", environments::nine(), "/environments"),
        (
            "environments-none",
            Fake { environments: Ok(environments::list(vec![])), ..Fake::default() },
            "/environments",
        ),
        ("job-running", job::shown(job::running()), "/jobs/118"),
        ("job-stopped", job::shown(job::stopped(Some(Mend::VaultName))), "/jobs/118"),
        ("form", form::with_draft(form::answers(), vec![], false), "/environments/new?draft=d1"),
        ("form-deleted-vault", form::held_by_a_deleted_vault(form::answers()), "/environments/new?draft=d1"),
        (
            "form-wrong",
            form::with_draft(Form { nodes: "12".into(), ..form::answers() }, vec![], true),
            "/environments/new?draft=d1",
        ),
        ("request", request::shown(request::whole(State::Waiting, Can::yes(), Can::no("no"))), "/requests/r1"),
        (
            "request-own",
            request::shown(request::whole(
                State::Waiting,
                Can::no("Nobody decides on an own request: another manager of the team does."),
                Can::yes(),
            )),
            "/requests/r1",
        ),
        ("secrets", secrets::told(), "/environments/payments-staging/secrets"),
        ("secrets-unread", secrets::unread(), "/environments/payments-staging/secrets"),
        ("environments-bounded", environments::bounded(), "/environments"),
        ("request-group", request::shown(request::grouped()), "/requests/r1"),
        ("requests", request::several(), "/requests"),
        ("approvals", request::several(), "/approvals"),
        ("jobs", jobs::several(), "/jobs"),
        ("environment", environment::shown(environment::failing()), "/environments/search-dev"),
        ("environment-drifted", environment::shown(environment::drifted()), "/environments/search-dev"),
        ("environment-building", environment::shown(environment::building()), "/environments/search-dev"),
        ("request-change", changes::asked(), "/requests/r1"),
        ("change", changes::form(), "/environments/payments-staging/change?nodes=5"),
        ("destroy", changes::removal(Can::yes()), "/environments/payments-staging/destroy"),
        ("request-replace", changes::replacing(), "/requests/r1"),
        ("request-destroy", changes::ending(), "/requests/r1"),
        ("request-release", changes::released(), "/requests/r1"),
        ("job-queued", job::shown(job::queued()), "/jobs/118"),
        ("job-hanging", job::shown(job::hanging()), "/jobs/118"),
        ("environment-released", environment::shown(environment::released()), "/environments/search-dev"),
        ("release", changes::letting_go(), "/environments/payments-staging/release"),
        ("access", access::told(), "/environments/payments-staging/access"),
        ("access-not-looked", access::before(), "/environments/payments-staging/access"),
        ("audit", audit::several(), "/audit"),
        ("audit-nothing", audit::none(), "/audit?person=nobody"),
        ("notices", notices::several(), "/notices"),
        ("notices-none", notices::none(), "/notices"),
        ("people", people::several(), "/people"),
        ("leaving", people::several(), "/people/leaving?account=tenant%2Fmember"),
        ("policies", policies::listed(true), "/policies"),
        ("policies-member", policies::listed(false), "/policies"),
        ("policies-none", policies::none(), "/policies"),
        ("policy", policies::engineers(), "/policies/production?version=3"),
        ("tokens", programs::tokens(), "/tokens"),
        ("tokens-none", programs::no_tokens(), "/tokens"),
        ("tokens-made", programs::made(), "/tokens"),
        ("token", programs::tokens(), "/tokens/id-nightly-build"),
        ("webhooks", programs::webhooks(), "/webhooks"),
        ("webhooks-none", programs::no_webhooks(), "/webhooks"),
        ("webhook", programs::webhooks(), "/webhooks/id-tickets"),
        ("not-found", Fake::default(), "/nowhere"),
        ("problems", Fake { caller: None, ..Fake::default() }, "/problems"),
        ("problem", Fake::default(), "/problems/invalid"),
    ]
}

#[tokio::test]
async fn pages_for_eyes() {
    let Some(folder) = std::env::var_os("KEYSTEAD_SIGHT") else { return };
    for (name, fake, path) in pages() {
        for (suffix, theme) in [("", Theme::Light), ("-dark", Theme::Dark)] {
            let (_, html) = page(Fake { theme, ..fake.clone() }, path).await;
            let styled = html.replacen("</head>", &format!("<style>{}</style></head>", style()), 1);
            std::fs::write(Path::new(&folder).join(format!("{name}{suffix}.html")), styled).unwrap();
        }
    }
}
