//! Visits a database server as an application does: sqlx with the certificate verified, and `psql` where there is one.
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use azure_simulator::Clock;
use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection, Executor, PgConnection, Row};

use crate::visitor::Visitor;

/// What the default template is told of its database.
pub struct Told {
    host: String,
    port: u16,
    fact: Value,
    password: String,
    ca: std::path::PathBuf,
}

impl Told {
    pub fn of(visitor: &Visitor) -> Self {
        let fact = visitor.world().facts.all()["database"].clone();
        let (host, port) = fact["server"].as_str().unwrap().rsplit_once(':').unwrap();
        let password = std::fs::read_to_string(fact["password_file"].as_str().unwrap()).unwrap();
        let ca = visitor.folder.path().join("ca.pem");
        Self { host: host.to_owned(), port: port.parse().unwrap(), password, ca, fact: fact.clone() }
    }

    fn text(&self, name: &str) -> &str {
        self.fact[name].as_str().unwrap()
    }

    pub fn options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host(&self.host)
            .port(self.port)
            .username(self.text("username"))
            .password(&self.password)
            .database(self.text("database"))
            .ssl_mode(PgSslMode::VerifyFull)
            .ssl_root_cert(&self.ca)
    }

    async fn connect(&self) -> PgConnection {
        self.options().connect().await.unwrap()
    }

    /// The password of the server's administrator, from the file beside.
    pub fn as_administrator(&self) -> PgConnectOptions {
        let file = std::path::Path::new(self.text("password_file")).with_file_name("server_admin.password");
        self.options().username("server_admin").password(&std::fs::read_to_string(file).unwrap())
    }
}

fn code(error: &sqlx::Error) -> String {
    error.as_database_error().and_then(|error| error.code()).map(|code| code.into_owned()).unwrap_or_default()
}

async fn refused(options: PgConnectOptions) -> (String, String) {
    let error = options.connect().await.unwrap_err();
    let said = error.as_database_error().map(|error| error.message().to_owned());
    (code(&error), said.unwrap_or_else(|| error.to_string()))
}

#[tokio::test]
async fn an_application_logs_in_and_asks() {
    let visitor = Visitor::arrive().await;
    let told = Told::of(&visitor);
    let mut connection = told.connect().await;

    let row = connection
        .fetch_one(
            "select 1, 3000000000, 'It''s', true, null, current_user::text, current_database() as place, version()",
        )
        .await
        .unwrap();
    assert_eq!(row.get::<i32, _>(0), 1);
    assert_eq!(row.get::<i64, _>(1), 3_000_000_000);
    assert_eq!(row.get::<String, _>(2), "It's");
    assert!(row.get::<bool, _>(3));
    assert_eq!(row.get::<Option<String>, _>(4), None);
    assert_eq!(row.get::<String, _>("current_user"), "payments_app");
    assert_eq!(row.get::<String, _>("place"), "payments");
    assert!(row.get::<String, _>("version").starts_with("PostgreSQL 16."));

    let prepared = sqlx::query_as::<_, (String, i64)>("select now()::text, '7'::bigint");
    let (now, seven) = prepared.fetch_one(&mut connection).await.unwrap();
    assert_eq!(now, "2026-11-23 09:00:00+00");
    assert_eq!(seven, 7);
    connection.close().await.unwrap();
}

#[tokio::test]
async fn settings_belong_to_the_session_and_to_its_transaction() {
    let visitor = Visitor::arrive().await;
    let mut connection = Told::of(&visitor).connect().await;
    let shown = |row: sqlx::postgres::PgRow| row.get::<String, _>(0);

    assert_eq!(shown(connection.fetch_one("show time zone").await.unwrap()), "UTC");
    connection.execute("set statement_timeout = 5000").await.unwrap();
    let mut transaction = connection.begin().await.unwrap();
    transaction.execute("set application_name to 'trial'").await.unwrap();
    assert_eq!(shown(transaction.fetch_one("show application_name").await.unwrap()), "trial");
    transaction.rollback().await.unwrap();
    assert_eq!(shown(connection.fetch_one("show application_name").await.unwrap()), "");
    assert_eq!(shown(connection.fetch_one("select current_setting('statement_timeout')").await.unwrap()), "5s");
    let unknown = connection.execute("show colour").await.unwrap_err();
    assert_eq!(code(&unknown), "42704");
}

#[tokio::test]
async fn what_it_does_not_run_is_named() {
    let visitor = Visitor::arrive().await;
    let mut connection = Told::of(&visitor).connect().await;
    for (sql, named) in [
        ("create table t (id int)", "CREATE TABLE"),
        ("insert into t values (1)", "INSERT"),
        ("select 1 from t", "SELECT … FROM"),
        ("alter role payments_app createdb", "ALTER ROLE … CREATEDB"),
        ("select 'a'::jsonb", "a cast to jsonb"),
    ] {
        let error = connection.execute(sqlx::query(sql)).await.unwrap_err();
        assert_eq!(code(&error), "0A000", "{sql}");
        assert!(error.to_string().contains(named), "{sql}: {error}");
        let simple = connection.execute(sqlx::raw_sql(sql)).await.unwrap_err();
        assert_eq!(code(&simple), "0A000", "{sql}");
    }
    let error = connection.execute("selec 1").await.unwrap_err();
    assert_eq!(code(&error), "42601");
    assert!(error.to_string().contains("at or near \"selec\""), "{error}");
    connection.execute("select 1").await.unwrap();
}

#[tokio::test]
async fn a_failed_transaction_answers_only_its_end() {
    let visitor = Visitor::arrive().await;
    let mut connection = Told::of(&visitor).connect().await;
    connection.execute("begin").await.unwrap();
    connection.execute("select nothing()").await.unwrap_err();
    let ignored = connection.execute("select 1").await.unwrap_err();
    assert_eq!(code(&ignored), "25P02");
    connection.execute("rollback").await.unwrap();
    connection.execute("select 1").await.unwrap();
}

#[tokio::test]
async fn who_may_not_come_in_is_told_so_in_postgresqls_words() {
    let visitor = Visitor::arrive().await;
    let told = Told::of(&visitor);
    let wrong = refused(told.options().password("wrong")).await;
    assert_eq!(wrong, ("28P01".into(), "password authentication failed for user \"payments_app\"".into()));
    let stranger = refused(told.options().username("stranger")).await;
    assert_eq!(stranger, ("28P01".into(), "password authentication failed for user \"stranger\"".into()));
    let lost = refused(told.options().database("lost")).await;
    assert_eq!(lost, ("3D000".into(), "database \"lost\" does not exist".into()));
    let (plain, said) = refused(told.options().ssl_mode(PgSslMode::Disable)).await;
    assert_eq!(plain, "28000");
    assert!(said.ends_with("no encryption"), "{said}");
}

#[tokio::test]
async fn another_authority_is_not_believed() {
    let visitor = Visitor::arrive().await;
    let other = Visitor::arrive().await;
    let told = Told::of(&visitor);
    let trusting_the_other = told.options().ssl_root_cert(other.folder.path().join("ca.pem"));
    let (_, said) = refused(trusting_the_other).await;
    assert!(said.to_lowercase().contains("certificate"), "{said}");
}

#[tokio::test]
async fn a_new_password_counts_from_the_commit_on() {
    let visitor = Visitor::arrive().await;
    let told = Told::of(&visitor);
    let mut own = told.connect().await;
    own.execute("begin").await.unwrap();
    own.execute("alter role payments_app password 'first new'").await.unwrap();
    assert_eq!(refused(told.options().password("first new")).await.0, "28P01");
    own.execute("commit").await.unwrap();
    told.options().password("first new").connect().await.unwrap();
    assert_eq!(refused(told.options()).await.0, "28P01");
    // Sessions that were open stay open.
    own.execute("select 1").await.unwrap();

    let other = own.execute("alter role server_admin password 'mine now'").await.unwrap_err();
    assert_eq!(code(&other), "42501");
    let mut administrator = told.as_administrator().connect().await.unwrap();
    administrator.execute("alter role payments_app with encrypted password 'second new'").await.unwrap();
    told.options().password("second new").connect().await.unwrap();
    let nobody = administrator.execute("alter role nobody password 'x'").await.unwrap_err();
    assert_eq!(code(&nobody), "42704");
}

#[tokio::test]
async fn servers_addresses_and_passwords_outlive_the_simulator() {
    let visitor = Visitor::with(Clock::wall(60.0)).await;
    let before = Told::of(&visitor);
    before.connect().await.execute("alter role payments_app password 'kept'").await.unwrap();
    let visitor = visitor.again().await;
    let after = Told::of(&visitor);
    assert_eq!(after.fact, before.fact);
    after.options().password("kept").connect().await.unwrap();
}

#[tokio::test]
async fn the_state_keeps_no_password() {
    let visitor = Visitor::arrive().await;
    let told = Told::of(&visitor);
    let mode = std::fs::metadata(told.text("password_file")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    for file in std::fs::read_dir(visitor.folder.path()).unwrap() {
        let file = file.unwrap().path();
        if file.is_file() {
            let bytes = std::fs::read(&file).unwrap();
            let found = bytes.windows(told.password.len()).any(|window| window == told.password.as_bytes());
            assert!(!found, "the password is in {}", file.display());
        }
    }
}

#[tokio::test]
async fn psql_comes_in_by_name_and_by_address() {
    if std::process::Command::new("psql").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("psql is not on PATH: this visit is left out");
        return;
    }
    let visitor = Visitor::arrive().await;
    let told = Told::of(&visitor);
    let name = told.text("name");
    for host in [format!("host={}", told.host), format!("host={name} hostaddr={}", told.host)] {
        let whole = format!(
            "{host} port={} user=payments_app dbname=payments sslmode=verify-full sslrootcert={} channel_binding=require",
            told.port,
            told.ca.display()
        );
        let answer = tokio::process::Command::new("psql")
            .args(["--no-psqlrc", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", &whole])
            .args(["--command", "select current_user, 1.50, now()", "--command", "begin; select 2; rollback"])
            .env("PGPASSWORD", &told.password)
            .output()
            .await
            .unwrap();
        let said = String::from_utf8_lossy(&answer.stdout);
        assert!(answer.status.success(), "{host}: {}", String::from_utf8_lossy(&answer.stderr));
        assert!(said.starts_with("payments_app|1.50|2026-11-23 09:00:00+00\n"), "{said}");
        assert!(said.contains("\n2\n"), "{said}");
    }
}

#[tokio::test]
async fn roles_are_made_altered_and_dropped_by_who_administers() {
    let visitor = Visitor::arrive().await;
    let told = Told::of(&visitor);
    let mut own = told.connect().await;
    assert_eq!(code(&own.execute("create role reporting").await.unwrap_err()), "42501");
    let mut administrator = told.as_administrator().connect().await.unwrap();
    administrator.execute("create role reporting").await.unwrap();
    assert_eq!(code(&administrator.execute("create role reporting").await.unwrap_err()), "42710");
    administrator.execute("alter role reporting password 'seen'").await.unwrap();
    let barred = refused(told.options().username("reporting").password("seen")).await;
    assert_eq!(barred, ("28000".into(), "role \"reporting\" is not permitted to log in".into()));
    administrator.execute("alter role reporting login").await.unwrap();
    told.options().username("reporting").password("seen").connect().await.unwrap();

    administrator.execute("grant connect on database payments to reporting").await.unwrap();
    administrator.execute("grant select on all tables in schema public to reporting").await.unwrap();
    assert_eq!(code(&administrator.execute("drop role reporting").await.unwrap_err()), "2BP01");
    administrator.execute("revoke all on database payments from reporting").await.unwrap();
    let mut transaction = administrator.begin().await.unwrap();
    transaction.execute("drop role reporting").await.unwrap();
    assert_eq!(code(&transaction.execute("alter role reporting nologin").await.unwrap_err()), "42704");
    transaction.rollback().await.unwrap();
    administrator.execute("drop role reporting").await.unwrap();
    assert_eq!(code(&administrator.execute("drop role reporting").await.unwrap_err()), "42704");
}

#[tokio::test]
async fn who_is_connected_is_told_and_may_be_sent_away() {
    let visitor = Visitor::arrive().await;
    let told = Told::of(&visitor);
    let mut own = told.connect().await;
    let mut administrator = told.as_administrator().connect().await.unwrap();
    let pid: i32 = own.fetch_one("select pg_backend_pid()").await.unwrap().get(0);
    let seen = administrator
        .fetch_all("select pid, usename, datname, state from pg_stat_activity where usename = 'payments_app'")
        .await
        .unwrap();
    assert_eq!(seen.len(), 1);
    assert_eq!((seen[0].get::<i32, _>(0), seen[0].get::<String, _>(1)), (pid, "payments_app".to_owned()));
    assert_eq!(seen[0].get::<String, _>(3), "idle");
    let other: i32 = administrator.fetch_one("select pg_backend_pid()").await.unwrap().get(0);
    let barred = own.execute(sqlx::AssertSqlSafe(format!("select pg_terminate_backend({other})"))).await.unwrap_err();
    assert_eq!(code(&barred), "42501");
    let ended = administrator
        .fetch_one("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'payments_app' and pid <> pg_backend_pid()")
        .await
        .unwrap();
    assert!(ended.get::<bool, _>(0));
    assert_eq!(code(&own.execute(sqlx::raw_sql("select 1")).await.unwrap_err()), "57P01");
    let left = administrator.fetch_one("select count(*) from pg_stat_activity where usename = 'payments_app'").await;
    assert_eq!(left.unwrap().get::<i64, _>(0), 0);
}

#[tokio::test]
async fn a_token_of_its_principal_is_the_password_of_an_entra_role() {
    let visitor = Visitor::arrive().await;
    let told = Told::of(&visitor);
    let token = visitor.owner("https://ossrdbms-aad.database.windows.net").await;
    let options = told.options().username("subscription-owner");
    let mut owner = options.clone().password(&token).connect().await.unwrap();
    assert_eq!(owner.fetch_one("select current_user").await.unwrap().get::<String, _>(0), "subscription-owner");
    let elsewhere = visitor.owner("https://vault.azure.net").await;
    assert_eq!(refused(options.password(&elsewhere)).await.0, "28P01");
    assert_eq!(refused(told.options().password(&token)).await.0, "28P01");
}
