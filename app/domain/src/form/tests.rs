//! Four answers are enough, and each wrong one gets its own sentence.

use super::*;
use crate::team::Team;
use crate::template::TemplateDatabase;

pub(crate) fn choices() -> Choices {
    let parse = |text: &str| Region::parse(text).expect("a region");
    Choices {
        teams: vec![Team {
            cost_centre: None,
            name: TeamName::parse("payments").expect("a team"),
            title: "Payments".into(),
            group: "g".into(),
        }],
        regions: vec![RegionChoice { name: parse("westeurope"), title: "West Europe".into() }],
        templates: vec![Template {
            name: TemplateName::parse("web-app").expect("a template"),
            version: 4,
            title: "Web app".into(),
            node_size: "Standard_D2s_v5".into(),
            nodes: 3,
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
        }],
        node_sizes: vec![NodeSizeChoice {
            name: NodeSize::parse("Standard_D2s_v5").expect("a size"),
            cores: 2,
            memory_gib: 8,
        }],
        kubernetes: vec!["1.36".into(), "1.35".into()],
        lifetimes: Vec::new(),
        workspaces: vec![],
    }
}

fn four() -> Form {
    Form {
        name: "payments-staging".into(),
        team: "payments".into(),
        region: "westeurope".into(),
        template: "web-app".into(),
        ..Form::default()
    }
}

/// A wish as four answers make it.
pub(crate) fn sample() -> Wish {
    four().parse(&choices(), false).expect("four answers are enough")
}

#[test]
fn four_answers_are_enough() {
    let wish = four().parse(&choices(), false).expect("a wish");
    assert_eq!(wish.vault.name.as_str(), "kv-payments-staging");
    assert_eq!(wish.cluster.nodes, 3);
    let Database::Named { password_from, .. } = &wish.database;
    assert_eq!(*password_from, PasswordFrom::Template);
}

#[test]
fn a_wish_written_back_into_a_form_is_the_same_wish() {
    let wish = four().parse(&choices(), false).expect("a wish");
    assert_eq!(Form::of(&wish).parse(&choices(), false), Ok(wish));
}

#[test]
fn another_database_asks_for_its_password() {
    let form = Form { db_server: "db.contoso.example".into(), ..four() };
    let errors = form.parse(&choices(), false).expect_err("no password");
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].field, PASSWORD);
    assert!(form.parse(&choices(), true).is_ok());
}

/// Each field once with a wrong answer: exactly that field complains, and the others are left alone.
#[test]
fn every_field_has_a_sentence_of_its_own() {
    type Spoil = fn(&mut Form);
    let wrong: [(&str, Spoil); 20] = [
        ("name", |f| f.name = "A".into()),
        ("team", |f| f.team = "strangers".into()),
        ("region", |f| f.region = "moon".into()),
        ("template", |f| f.template = "none".into()),
        ("node_size", |f| f.node_size = "Standard_B1s".into()),
        ("nodes", |f| f.nodes = "11".into()),
        ("kubernetes", |f| f.kubernetes = "1.20".into()),
        ("tier", |f| f.tier = "gold".into()),
        ("vault_name", |f| f.vault_name = "kv--x".into()),
        ("soft_delete_days", |f| f.soft_delete_days = "6".into()),
        ("vault_deleted", |f| f.vault_deleted = "keep".into()),
        ("app_identity", |f| f.app_identity = "sp".into()),
        ("team_role", |f| f.team_role = "owner".into()),
        ("workspace", |f| f.workspace = "/subscriptions/x".into()),
        ("kept_days", |f| f.kept_days = "1".into()),
        ("image", |f| f.image = "webapp".into()),
        ("replicas", |f| f.replicas = "0".into()),
        ("port", |f| f.port = "70000".into()),
        ("lifetime_days", |f| f.lifetime_days = "-1".into()),
        ("tags", |f| f.tags = "cost-centre".into()),
    ];
    for (field, spoil) in wrong {
        let mut form = four();
        spoil(&mut form);
        let errors = form.parse(&choices(), true).expect_err(field);
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, [field]);
    }
}

#[test]
fn what_became_of_a_deleted_vault_is_no_part_of_what_stands() {
    for (answer, deleted) in [("recover", DeletedVault::Recover), ("purge", DeletedVault::Purge)] {
        let form = Form { vault_deleted: answer.into(), ..four() };
        let wish = form.parse(&choices(), false).expect("a wish");
        assert_eq!(wish.vault.deleted, Some(deleted));
        assert_eq!(Form::of(&wish).vault_deleted, answer);
        assert_eq!(wish.standing(), sample());
    }
}

#[test]
fn a_team_s_cost_centre_is_a_tag_that_nobody_has_to_give_and_nobody_gives_otherwise() {
    let mut choices = choices();
    choices.teams[0].cost_centre = Some("4711".into());
    let tagged = |tags: &str| Form { tags: tags.into(), ..four() }.parse(&choices, false);
    let wish = tagged("owner=shop, Cost-Centre=4711").expect("the same");
    assert_eq!((wish.tags.to_string().as_str(), wish.cost_centre.as_deref()), ("owner=shop", Some("4711")));
    assert_eq!(wish.tagged().to_string(), "cost-centre=4711, owner=shop");
    assert_eq!(Form::of(&wish).tags, "owner=shop");
    let errors = tagged("cost-centre=4712").expect_err("another one");
    assert_eq!(errors[0].field, "tags");
    assert!(errors[0].message.contains("4711"), "{}", errors[0].message);

    // What was made before keeps what it has until it is changed, and says nothing of it until then.
    let before = sample();
    assert!(!serde_json::to_string(&before).expect("a document").contains("cost_centre"));
    let changed = Form { nodes: "2".into(), ..Form::default() }.change(&before, &choices).expect("a change");
    assert_eq!(changed.cost_centre.as_deref(), Some("4711"));
}
