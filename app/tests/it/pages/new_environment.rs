//! The form: new, half filled, refused, with a plan beside it.

use super::{keeps_the_policy, text};
use crate::fake::{Fake, NOW, ago, page};
use app::portal::Draft;
use axum::http::StatusCode;
use domain::Moment;
use domain::cost::currency::Currency;
use domain::cost::uses::{Meter, assumed, left_out, uses};
use domain::cost::{Costing, Estimate, Item};
use domain::field::FieldError;
use domain::form::{Choices, Form, NodeSizeChoice, RegionChoice};
use domain::id::DraftId;
use domain::name::{NodeSize, Region, TeamName, TemplateName};
use domain::plan::{Expected, Finding, Line, Plan, Turn, Verb};
use domain::quota::{Quota, Used};
use domain::team::Team;
use domain::template::{Template, TemplateDatabase};
use domain::view::Can;
use domain::view::request::{DeletedVault, PlanPanel};
use domain::wish::{AppIdentity, TeamRole, Tier};

pub(crate) fn choices() -> Choices {
    let region = |name: &str, title: &str| RegionChoice { name: Region::parse(name).unwrap(), title: title.into() };
    let size =
        |name: &str, cores, memory_gib| NodeSizeChoice { name: NodeSize::parse(name).unwrap(), cores, memory_gib };
    let template = |name: &str, title: &str, nodes| Template {
        name: TemplateName::parse(name).unwrap(),
        version: 4,
        title: title.into(),
        node_size: "Standard_D2s_v5".into(),
        nodes,
        kubernetes: "1.36".into(),
        tier: Tier::Standard,
        soft_delete_days: 90,
        purge_protection: false,
        app_identity: AppIdentity::Workload,
        team_role: TeamRole::Reader,
        insights: true,
        workspace: None,
        kept_days: 30,
        image: "registry.contoso.example/webapp:1.8.2".into(),
        replicas: 3,
        port: 8080,
        lifetime_days: 90,
        database: Some(TemplateDatabase {
            server: "127.0.2.1:5432".into(),
            database: "webapp".into(),
            username: "webapp".into(),
        }),
    };
    Choices {
        teams: vec![Team {
            cost_centre: None,
            name: TeamName::parse("payments").unwrap(),
            title: "Payments".into(),
            group: "group".into(),
        }],
        regions: vec![region("westeurope", "West Europe"), region("northeurope", "North Europe")],
        templates: vec![
            template("web-app", "Web app, three nodes", 3),
            template("web-app-one", "Web app, one node", 1),
        ],
        node_sizes: vec![size("Standard_D2s_v5", 2, 8), size("Standard_D4s_v5", 4, 16)],
        kubernetes: vec!["1.36".into(), "1.35".into()],
        lifetimes: Vec::new(),
        workspaces: vec![
            "/subscriptions/s/resourceGroups/shared/providers/Microsoft.OperationalInsights/workspaces/log-shared"
                .into(),
        ],
    }
}

pub(crate) fn plan() -> Plan {
    let line = |step: &str, name: &str, kind: &str, detail: &str| Line {
        step: step.into(),
        verb: Verb::Create,
        name: name.into(),
        kind: kind.into(),
        detail: detail.into(),
        changes: Vec::new(),
        known_after: match step {
            "app-role" => vec!["App identity".into()],
            "insights" => vec!["Cluster".into(), "Workspace".into()],
            _ => Vec::new(),
        },
        expected: match step {
            "cluster" => Some(Expected { median_ms: 300_000, p90_ms: 420_000 }),
            _ => Some(Expected { median_ms: 30_000, p90_ms: 30_000 }),
        },
    };
    let turn = |turn: u32, step: &str, title: &str, after: &[&str]| Turn {
        step: step.into(),
        title: title.into(),
        removes: false,
        turn,
        after: after.iter().map(|title| (*title).into()).collect(),
    };
    Plan {
        order: vec![
            turn(1, "resource-group", "Resource group", &[]),
            turn(2, "workspace", "Workspace", &["Resource group"]),
            turn(2, "cluster", "Cluster", &["Resource group"]),
            turn(2, "vault", "Vault", &["Resource group"]),
            turn(2, "app-identity", "App identity", &["Resource group"]),
            turn(3, "portal-role", "Role of Keystead", &["Vault"]),
            turn(3, "app-role", "Role of the app", &["Vault", "App identity"]),
            turn(3, "team-role", "Role of the team", &["Vault"]),
            turn(4, "secrets", "Secrets", &["Role of Keystead"]),
            turn(3, "insights", "Insights", &["Cluster", "Workspace"]),
            turn(5, "web-app", "Web app", &["Secrets", "Role of the app", "Cluster"]),
        ],
        expected_ms: Some(470_000),
        lines: vec![
            line("resource-group", "rg-payments-staging", "Resource group", "westeurope"),
            line("workspace", "log-payments-staging", "Log Analytics workspace", "kept 30 days"),
            line("cluster", "aks-payments-staging", "Cluster", "system-assigned identity, 3 × Standard_D2s_v5"),
            line("vault", "kv-payments-staging", "Key Vault", "RBAC mode, soft delete 90 days"),
            line("app-identity", "id-payments-staging", "Identity", "federated credential for webapp/webapp"),
            line("portal-role", "Key Vault Secrets Officer", "Role assignment", "of Keystead on kv-payments-staging"),
            line("app-role", "Key Vault Secrets User", "Role assignment", "of id-payments-staging on kv-payments-staging"),
            line("team-role", "Key Vault Reader", "Role assignment", "of team Payments on kv-payments-staging"),
            line("secrets", "Webapp-DB-Server-…", "Four secrets", ""),
            line("insights", "MSCI-westeurope-aks-payments-staging", "Data collection rule", "and its association"),
            line("web-app", "webapp", "Web app", "namespace, account, deployment, service"),
        ],
        permits: vec![
            "id-payments-staging may read all secrets in kv-payments-staging, from pods of service account webapp/webapp only.".into(),
            "Team Payments sees names and versions of the secrets, and no value.".into(),
            "Keystead may write secrets in kv-payments-staging.".into(),
        ],
        findings: vec![Finding::warn(
            Some("purge_protection"),
            "Without purge protection the vault and its secrets can be purged within its 90 days.",
        )],
        ..Plan::default()
    }
}

pub(crate) fn answers() -> Form {
    Form {
        name: "payments-staging".into(),
        team: "payments".into(),
        region: "westeurope".into(),
        template: "web-app".into(),
        ..Form::default()
    }
}

/// By prices of November 2026, as four answers come to it with so many nodes.
pub(crate) fn estimate(nodes: u32) -> Estimate {
    let mut wish = answers().parse(&choices(), false).unwrap();
    wish.cluster.nodes = nodes;
    let price = |meter: &Meter| match meter {
        Meter::Nodes(_) => 105_984,
        Meter::Tier => 110_400,
        Meter::Disks(_) => 21_759_840,
        Meter::Ingestion | Meter::Retention => 2_539_200,
        Meter::LoadBalancer => 27_600,
        Meter::Addresses => 5_520,
        Meter::Vault => 33_120,
    };
    let currency = Currency::Eur;
    let items = uses(&wish, 2).iter().map(|used| Item::new(used, price(&used.meter), currency)).collect();
    let since = Moment(1_793_491_200_000);
    Estimate { currency, since, read: NOW, items, assumes: assumed(&wish), leaves_out: left_out(&wish) }
}

pub(crate) fn two_of_three() -> Quota {
    let used = |held, asked, of| Some(Used { held, asked, of });
    let (environments, cores) = (used(1, 1, 3), used(6, 6, 12));
    Quota { team: "Payments".into(), environments, cores, monthly: None, currency: Currency::Eur }
}

pub(crate) fn with_draft(form: Form, errors: Vec<FieldError>, tried: bool) -> Fake {
    let draft = Draft { id: DraftId::new("d1"), form, errors, tried, saved: ago(60) };
    let panel = PlanPanel {
        errors: vec![],
        plan: Some(plan()),
        decider: "A manager of team Payments decides.".into(),
        looked: Some(NOW),
        quota: Some(two_of_three()),
        cost: Some(Costing::New { after: estimate(3) }),
        ..PlanPanel::default()
    };
    Fake { choices: Ok(choices()), drafts: vec![draft], plan: Ok(panel), ..Fake::default() }
}

#[tokio::test]
async fn a_new_form_asks_for_four_answers_and_says_what_the_others_would_be() {
    let (status, html) = page(Fake { choices: Ok(choices()), ..Fake::default() }, "/environments/new").await;
    assert_eq!(status, StatusCode::OK);
    let said = text(&html);
    for part in [
        "The only team in which you may ask.",
        "3 × Standard_D2s_v5, Kubernetes 1.36, standard tier",
        "kv-…, soft delete 90 days",
        "webapp on 127.0.2.1:5432 as webapp",
        "90 days from the approval",
        "Send for approval",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert!(!html.contains("aria-invalid"), "nobody has done anything wrong yet");
    assert!(html.contains(r#"placeholder="3""#), "the template's number of nodes");
    keeps_the_policy(&html);
}

#[tokio::test]
async fn after_an_attempt_every_wrong_answer_is_told_at_the_top_and_beside_its_field() {
    let form = Form { name: "Payments!".into(), nodes: "12".into(), image: "webapp".into(), ..answers() };
    let (_, html) = page(with_draft(form, vec![], true), "/environments/new?draft=d1").await;
    let said = text(&html);
    assert!(said.contains("3 answers need a change Name : 3 to 21 lower-case letters"), "{said}");
    assert!(html.contains(r##"href="#nodes""##));
    assert!(said.contains("A whole number from 1 to 10 nodes."));
    let input = html.split("<input").find(|tag| tag.contains(r#"id="nodes""#)).unwrap();
    let input = input.split('>').next().unwrap();
    for part in [r#"value="12""#, r#"aria-invalid="true""#, r#"aria-describedby="nodes-says""#] {
        assert!(input.contains(part), "{part} in {input}");
    }
    assert!(said.contains("Cluster 12 × Standard_D2s_v5, Kubernetes 1.36, standard tier Needs a change"), "{said}");
}

#[tokio::test]
async fn a_name_taken_meanwhile_is_told_beside_it_in_the_servers_words() {
    let taken = FieldError::new("vault_name", "A deleted vault still holds this name.");
    let (_, html) = page(with_draft(answers(), vec![taken], true), "/environments/new?draft=d1").await;
    let said = text(&html);
    assert!(said.contains("One answer needs a change Vault name : A deleted vault still holds this name."), "{said}");
}

#[tokio::test]
async fn the_plan_stands_beside_the_form_with_every_resource() {
    let (_, html) = page(with_draft(answers(), vec![], false), "/environments/new?draft=d1").await;
    let said = text(&html);
    assert!(said.contains("11 to create nothing changed or deleted"), "{said}");
    assert!(said.contains("kv-payments-staging Key Vault, RBAC mode, soft delete 90 days"), "{said}");
    assert!(said.contains("A manager of team Payments decides."), "{said}");
    assert!(html.contains(r#"name="draft" value="d1""#));
}

#[tokio::test]
async fn a_password_is_never_part_of_the_page() {
    let (_, html) = page(with_draft(answers(), vec![], true), "/environments/new?draft=d1").await;
    let input = html.split("<input").find(|tag| tag.contains(r#"id="db_password""#)).unwrap();
    assert!(!input.split('>').next().unwrap().contains("value="));
}

#[tokio::test]
async fn a_draft_of_somebody_else_is_not_there() {
    let (status, _) = page(with_draft(answers(), vec![], false), "/environments/new?draft=d2").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_was_typed_is_text_wherever_it_stands() {
    let nasty = "</textarea><script>alert(1)</script>\" onfocus=\"alert(2)".to_owned();
    let form = Form { reason: nasty.clone(), image: nasty.clone(), name: nasty, ..answers() };
    let (_, html) = page(with_draft(form, vec![], true), "/environments/new?draft=d1").await;
    assert!(!html.contains("<script>alert"), "a script in the page");
    assert!(!html.contains("</textarea><script"), "markup in the page");
    // In running text a quotation mark is only a quotation mark; inside a tag it would end an attribute.
    let mut tags = html.split('<').skip(1).filter_map(|part| part.split('>').next());
    assert!(tags.all(|tag| !tag.contains("onfocus=\"")), "an attribute in the page");
}

#[tokio::test]
async fn a_name_that_a_finding_denies_is_not_called_free() {
    let mut fake = with_draft(answers(), vec![], false);
    let free = page(fake.clone(), "/environments/new?draft=d1").await.1;
    assert!(text(&free).contains("kv-payments-staging is free on Azure."));
    let denial = Finding::deny("vault_name", "The vault name is already in use.");
    if let Ok(PlanPanel { plan: Some(plan), .. }) = &mut fake.plan {
        plan.findings.push(denial);
    }
    let taken = page(fake, "/environments/new?draft=d1").await.1;
    assert!(!text(&taken).contains("is free on Azure"));
}

/// A deleted vault holds the name, and nobody can purge it.
pub(crate) fn held_by_a_deleted_vault(form: Form) -> Fake {
    let mut fake = with_draft(form, vec![], false);
    let deleted = DeletedVault {
        name: "kv-payments-staging".into(),
        group: "rg-payments-staging".into(),
        region: "westeurope".into(),
        until: Some("24 Feb 2027".into()),
        protected: true,
        recover: Can::yes(),
        purge: Can::no("Purge protection is on: nobody can purge it before 24 Feb 2027."),
    };
    fake.plan = fake.plan.map(|panel| PlanPanel { deleted_vault: Some(deleted), ..panel });
    fake
}

#[tokio::test]
async fn of_a_deleted_vault_one_chooses_what_becomes_of_it() {
    let form = Form { vault_deleted: "recover".into(), ..answers() };
    let (_, html) = page(held_by_a_deleted_vault(form), "/environments/new?draft=d1").await;
    keeps_the_policy(&html);
    let said = text(&html);
    for part in [
        "kv-payments-staging, soft delete 90 days, recovered",
        "What becomes of the deleted vault",
        "A deleted vault holds the name kv-payments-staging. It was in the resource group rg-payments-staging in \
         westeurope; Azure keeps it until 24 Feb 2027, with purge protection.",
        "Take another name",
        "Recover it It comes back with its secrets",
        "Purge it Purge protection is on: nobody can purge it before 24 Feb 2027.",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert!(!said.contains("is free on Azure"), "it is held");
    let radios: Vec<&str> = html.split("<input").filter(|tag| tag.contains(r#"name="vault_deleted""#)).collect();
    let tag = |value: &str| {
        let found = radios.iter().find(|tag| tag.contains(&format!(r#"value="{value}""#))).unwrap();
        found.split('>').next().unwrap()
    };
    assert_eq!(radios.len(), 3);
    assert!(tag("recover").contains("checked") && !tag("recover").contains("disabled"));
    assert!(tag("purge").contains("disabled") && !tag("purge").contains("checked"));
    assert!(html.contains(r#"name="vault_held" value="kv-payments-staging""#), "which one it is about");
    let without = page(with_draft(answers(), vec![], false), "/environments/new?draft=d1").await.1;
    assert!(!without.contains(r#"name="vault_deleted""#), "nothing is to be chosen");
}

#[tokio::test]
async fn the_panel_says_what_it_costs_by_resource_and_how_full_the_quota_is() {
    let said = text(&page(with_draft(answers(), vec![], false), "/environments/new?draft=d1").await.1);
    let total = estimate(3).total().said();
    for part in [
        format!("{total} a month, estimated"),
        "3 nodes, Standard_D2s_v5 €232.10".into(),
        "Cluster, Standard tier €80.59".into(),
        "3 system disks of 128 GB €65.28".into(),
        "Log Analytics, 18 GB €45.71".into(),
        "List prices of 1 Nov 2026".into(),
        "Traffic out of Azure and through the load balancer.".into(),
        "Quota of team Payments, with this Environments 2 of 3 Cores 12 of 12".into(),
        format!("{total} a month 11 to create, 1 finding"),
    ] {
        assert!(said.contains(&part), "{part} in {said}");
    }
}

#[tokio::test]
async fn without_a_price_the_plan_stands_and_says_so() {
    let mut fake = with_draft(answers(), vec![], false);
    let why = "Azure's list of prices does not answer.";
    fake.plan = fake.plan.map(|panel| PlanPanel { cost: None, unpriced: Some(why.into()), ..panel });
    let said = text(&page(fake, "/environments/new?draft=d1").await.1);
    assert!(
        said.contains("No price could be had: Azure&#x27;s list")
            || said.contains("No price could be had: Azure's list"),
        "{said}"
    );
    assert!(said.contains("11 to create"), "{said}");
}
