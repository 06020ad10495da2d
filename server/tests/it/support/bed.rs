//! A database for one story, told twice: once to SQLite, once to PostgreSQL.

use domain::Moment;
use domain::form::{Choices, Form, NodeSizeChoice, RegionChoice};
use domain::id::{EnvironmentId, JobId, RequestId};
use domain::job::Outline;
use domain::name::{NodeSize, Region, TeamName, TemplateName};
use domain::team::Team;
use domain::template::Template;
use domain::wish::{AppIdentity, TeamRole, Tier, Wish};
use keystead::store::job::{self, Job};
use keystead::store::{Both, Store, Use};
use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};

pub struct Bed {
    pub store: Store,
    pub url: String,
    /// `sqlite` or `postgres`, for messages.
    pub name: &'static str,
    folder: std::sync::Arc<tempfile::TempDir>,
}

impl Bed {
    pub async fn sqlite() -> Bed {
        let folder = tempfile::tempdir().unwrap();
        let url = folder.path().join("keystead.db").display().to_string();
        Bed::of("sqlite", url, folder).await
    }

    pub async fn postgres() -> Bed {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("story_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let url =
            tokio::task::spawn_blocking(move || super::postgres::cluster().database(&name).unwrap()).await.unwrap();
        Bed::of("postgres", url, tempfile::tempdir().unwrap()).await
    }

    async fn of(name: &'static str, url: String, folder: tempfile::TempDir) -> Bed {
        // As a command opens it: no lock, and no hints but this process's own.
        let store = Store::open(&url, Use::Command).await.unwrap();
        Bed { store, url, name, folder: folder.into() }
    }
}

/// Tells the same story to both databases.
pub async fn both<Story: Future<Output = ()>>(story: impl Fn(Bed) -> Story) {
    for bed in [Bed::sqlite().await, Bed::postgres().await] {
        // A story that takes only parts of its bed must not lose the folder under them.
        let folder = bed.folder.clone();
        story(bed).await;
        drop(folder);
    }
}

/// Runs a statement that brings a story's first rows.
pub async fn sql(store: &Store, text: &'static str, values: &[&str]) {
    match store.write() {
        Both::Sqlite(db) => {
            let query = values.iter().fold(sqlx::query(text), |query, value| query.bind((*value).to_owned()));
            query.execute(db).await.map(drop)
        }
        Both::Postgres(db) => {
            let query = values.iter().fold(sqlx::query(text), |query, value| query.bind((*value).to_owned()));
            query.execute(db).await.map(drop)
        }
    }
    .unwrap();
}

/// One number.
pub async fn number(store: &Store, text: &'static str) -> i64 {
    let (number,): (i64,) = match store.read() {
        Both::Sqlite(db) => sqlx::query_as(text).fetch_one(db).await,
        Both::Postgres(db) => sqlx::query_as(text).fetch_one(db).await,
    }
    .unwrap();
    number
}

/// One text a row.
pub async fn rows(store: &Store, text: &'static str) -> Vec<String> {
    let rows: Vec<(String,)> = match store.read() {
        Both::Sqlite(db) => sqlx::query_as(text).fetch_all(db).await,
        Both::Postgres(db) => sqlx::query_as(text).fetch_all(db).await,
    }
    .unwrap();
    rows.into_iter().map(|(row,)| row).collect()
}

/// One text.
pub async fn text(store: &Store, text: &'static str) -> String {
    let (value,): (String,) = match store.read() {
        Both::Sqlite(db) => sqlx::query_as(text).fetch_one(db).await,
        Both::Postgres(db) => sqlx::query_as(text).fetch_one(db).await,
    }
    .unwrap();
    value
}

pub fn payments() -> Team {
    Team {
        name: TeamName::parse("payments").unwrap(),
        title: "Payments".into(),
        group: "g-1".into(),
        cost_centre: None,
    }
}

pub fn choices() -> Choices {
    let template = Template {
        name: TemplateName::parse("web-app-three-nodes").unwrap(),
        version: 1,
        title: "Web app, three nodes".into(),
        node_size: "Standard_D2s_v5".into(),
        nodes: 3,
        kubernetes: "1.36".into(),
        tier: Tier::Free,
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
        lifetime_days: 30,
        database: None,
    };
    Choices {
        teams: vec![payments()],
        regions: vec![RegionChoice { name: Region::parse("westeurope").unwrap(), title: "West Europe".into() }],
        templates: vec![template],
        node_sizes: vec![NodeSizeChoice { name: NodeSize::parse("Standard_D2s_v5").unwrap(), cores: 2, memory_gib: 8 }],
        kubernetes: vec!["1.36".into()],
        workspaces: Vec::new(),
        lifetimes: Vec::new(),
    }
}

pub fn wish(name: &str) -> Wish {
    let form = Form {
        name: name.into(),
        team: "payments".into(),
        region: "westeurope".into(),
        template: "web-app-three-nodes".into(),
        db_server: "db.contoso.example".into(),
        db_database: "payments".into(),
        db_username: "webapp".into(),
        ..Form::default()
    };
    form.parse(&choices(), true).unwrap()
}

/// An approved request with its job queued, as the service leaves them.
pub async fn queued(store: &Store, name: &str, outline: Vec<Outline>, now: Moment) -> Job {
    queued_of(store, "payments", name, outline, now).await
}

/// The same of another team.
pub async fn queued_of(store: &Store, team: &str, name: &str, outline: Vec<Outline>, now: Moment) -> Job {
    sql(
        store,
        "insert into account (id, name, roles, teams, seen_at) values ('t/m', 'member@contoso.example', '[]', '[]', 0) \
         on conflict (id) do nothing",
        &[],
    )
    .await;
    let id = |kind: &str| format!("{kind}-{}", uuid::Uuid::now_v7());
    let (environment, request) = (id("e"), id("r"));
    sql(
        store,
        "insert into environment (id, name, held, team, region, owner, owner_name, wish, state, rank, detail, arch, \
         search, lifetime_days, created_at, updated_at) values ($1, $2, 1, 'payments', 'westeurope', 't/m', \
         'member@contoso.example', '{}', 'waiting', 3, '', '[]', $2, 30, 0, 0)",
        &[&environment, name],
    )
    .await;
    sql(
        store,
        "insert into request (id, kind, environment, environment_name, team, requester, requester_name, wish, plan, \
         digest, state, sent_at, lapses_at) values ($1, 'create', $2, $3, 'payments', 't/m', \
         'member@contoso.example', '{}', '{}', '', 'approved', 0, 0)",
        &[&request, &environment, name],
    )
    .await;
    let job = Job {
        id: JobId::new(id("j")),
        environment: EnvironmentId::new(environment),
        environment_name: name.into(),
        team: TeamName::parse(team).unwrap(),
        request: RequestId::new(request),
        title: format!("Create {name}"),
        recipe: "provision".into(),
        wish: wish(name),
        former: None,
        outline,
        asked_by: "member@contoso.example".into(),
        approved_by: "manager@contoso.example".into(),
        approved_at: now,
        created_at: now,
        trace: None,
    };
    let mut tx = store.begin().await.unwrap();
    job::create(&mut tx, &job).await.unwrap();
    tx.commit().await.unwrap();
    store.announce(keystead::store::Change::Job(job.id.clone())).await;
    job
}
