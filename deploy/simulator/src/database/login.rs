//! Lets a client in: TLS, SCRAM-SHA-256, a database that exists, each refused in PostgreSQL's words.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::Sink;
use pgwire::api::auth::cleartext::CleartextPasswordAuth;
use pgwire::api::auth::driver::AuthOutcome;
use pgwire::api::auth::mechanism::AuthMechanismFactory;
use pgwire::api::auth::sasl::SaslMechanisms;
use pgwire::api::auth::sasl::scram::{ScramAuth, ScramSecret};
use pgwire::api::auth::{
    AuthDriver, AuthSource, LoginInfo, Password, ServerParameterProvider, StartupHandler, protocol_negotiation,
    save_startup_parameters_to_metadata,
};
use pgwire::api::{ClientInfo, METADATA_DATABASE, METADATA_USER};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::{PgWireBackendMessage, PgWireFrontendMessage};

use super::accounts;
use super::certificate;
use super::refusal::Refusal;
use super::session::Session;
use super::sessions::Place;
use crate::arm;
use crate::world::World;

/// The way in to one server.
pub(super) struct Login {
    world: Arc<World>,
    place: Arc<Place>,
    driver: AuthDriver<Parameters>,
}

impl Login {
    pub(super) fn new(world: Arc<World>, place: Arc<Place>) -> Self {
        let begun = world.clock.now();
        let driver = AuthDriver::new(Parameters(begun)).with_pid_secret_key_generator(place.processes());
        Self { world, place, driver }
    }

    async fn step<C>(&self, client: &mut C, message: PgWireFrontendMessage) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let outcome = match message {
            PgWireFrontendMessage::Startup(ref startup) => {
                protocol_negotiation(client, startup).await?;
                save_startup_parameters_to_metadata(client, startup);
                let (user, database) = who(client)?;
                if !client.is_secure() {
                    let host = client.socket_addr().ip().to_string();
                    return Err(Refusal::not_encrypted(&host, &user, &database).into());
                }
                let server = accounts::find(&self.world.state, &self.place.server);
                let by_token = server.is_some_and(|it| it.account(&user).is_some_and(|role| role.entra.is_some()));
                let mechanism = if by_token {
                    CleartextPasswordAuth::new(Arc::new(self.source())).create()
                } else {
                    SaslMechanisms::new(vec![Arc::new(self.scram(client.sni_server_name())?)]).create()
                };
                self.driver.begin_authentication(client, mechanism).await?
            }
            PgWireFrontendMessage::PasswordMessageFamily(message) => {
                self.driver.advance_authentication(client, message).await?
            }
            _ => return Ok(()),
        };
        if let AuthOutcome::Authenticated { final_message, .. } = outcome {
            let (user, database) = who(client)?;
            let server = accounts::find(&self.world.state, &self.place.server);
            if server.as_ref().and_then(|server| server.account(&user)).is_some_and(|role| !role.login) {
                return Err(Refusal::may_not_log_in(&user).into());
            }
            if !server.is_some_and(|server| server.databases.contains(&database)) {
                return Err(Refusal::no_database(&database).into());
            }
            self.driver.complete_authentication(client, final_message).await?;
            let asked = client.metadata().clone().into_iter();
            let now = self.world.clock.now();
            client.session_extensions().insert(Session::new(
                now,
                &user,
                &database,
                client.pid_and_secret_key().0,
                asked,
            ));
            if let Some(session) = client.session_extensions().get::<Session>() {
                self.place.take(session);
            }
        }
        Ok(())
    }

    fn source(&self) -> Source {
        Source { world: self.world.clone(), server: self.place.server.clone() }
    }

    /// SCRAM, bound to the certificate that this client was shown.
    fn scram(&self, shown_for: Option<&str>) -> PgWireResult<ScramAuth> {
        let mut scram = ScramAuth::new(Arc::new(self.source()));
        if let Some(certificate) = certificate::shown(&self.world, &self.place.server, shown_for) {
            let body = STANDARD.encode(certificate);
            let lines: Vec<&str> =
                body.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
            let pem = format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"));
            scram.configure_certificate(pem.as_bytes())?;
        }
        Ok(scram)
    }
}

#[async_trait]
impl StartupHandler for Login {
    async fn on_startup<C>(&self, client: &mut C, message: PgWireFrontendMessage) -> PgWireResult<()>
    where
        C: ClientInfo + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let result = self.step(client, message).await;
        result.map_err(|error| match error {
            PgWireError::InvalidPassword(_) => {
                let user = client.metadata().get(METADATA_USER).map(String::as_str).unwrap_or_default();
                Refusal::wrong_password(user).into()
            }
            // Whatever goes wrong before the login ends the session: pgwire would take a milder error for a
            // finished login.
            error if !error.is_fatal() => {
                let mut info: pgwire::error::ErrorInfo = error.into();
                info.severity = "FATAL".to_owned();
                PgWireError::UserError(Box::new(info))
            }
            error => error,
        })
    }
}

/// User and database of the startup packet; without a database it is the user's name.
fn who(client: &impl ClientInfo) -> Result<(String, String), Refusal> {
    let user = client.metadata().get(METADATA_USER).cloned().ok_or_else(Refusal::no_user)?;
    let database = client.metadata().get(METADATA_DATABASE).cloned().unwrap_or_else(|| user.clone());
    Ok((user, database))
}

/// Where the verifiers come from.
struct Source {
    world: Arc<World>,
    server: String,
}

impl Debug for Source {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Source").field("server", &self.server).finish_non_exhaustive()
    }
}

#[async_trait]
impl AuthSource for Source {
    async fn get_password(&self, login: &LoginInfo) -> PgWireResult<Password> {
        // Only the verifier is kept, so nothing that needs the password can be offered.
        Err(Refusal::wrong_password(login.user().unwrap_or_default()).into())
    }

    /// The password of an Entra role is a token of its principal.
    async fn verify_password(&self, login: &LoginInfo, password: &[u8]) -> PgWireResult<Option<()>> {
        let user = login.user().unwrap_or_default();
        let server = accounts::find(&self.world.state, &self.server);
        let wanted = server.and_then(|server| server.account(user)?.entra);
        let caller = std::str::from_utf8(password).ok().and_then(|token| {
            arm::verify_bearer(&self.world, token.trim(), &["https://ossrdbms-aad.database.windows.net"]).ok()
        });
        match caller {
            Some(caller) if Some(caller.object_id) == wanted => Ok(None),
            _ => Err(Refusal::wrong_password(user).into()),
        }
    }

    async fn get_scram_secret(&self, login: &LoginInfo) -> PgWireResult<(ScramSecret, Option<()>)> {
        let user = login.user().unwrap_or_default();
        let verifier = accounts::find(&self.world.state, &self.server)
            .and_then(|server| server.account(user)?.verifier.clone())
            .and_then(|verifier| accounts::secret_of(&verifier));
        Ok((verifier.unwrap_or_else(|| accounts::nobodys_secret(&self.server, user)), None))
    }
}

/// What the server reports after a login.
struct Parameters(jiff::Timestamp);

impl ServerParameterProvider for Parameters {
    fn server_parameters<C: ClientInfo>(&self, client: &C) -> Option<HashMap<String, String>> {
        let asked = client.metadata().clone().into_iter();
        let user = client.metadata().get(METADATA_USER).cloned().unwrap_or_default();
        let session = Session::new(self.0, &user, "", 0, asked);
        let told = [
            ("application_name", "application_name"),
            ("client_encoding", "client_encoding"),
            ("DateStyle", "datestyle"),
            ("default_transaction_read_only", "default_transaction_read_only"),
            ("integer_datetimes", "integer_datetimes"),
            ("IntervalStyle", "intervalstyle"),
            ("is_superuser", "is_superuser"),
            ("server_encoding", "server_encoding"),
            ("server_version", "server_version"),
            ("standard_conforming_strings", "standard_conforming_strings"),
            ("TimeZone", "timezone"),
        ];
        let mut all: HashMap<String, String> =
            told.iter().filter_map(|(told, name)| Some(((*told).to_owned(), session.setting(name)?))).collect();
        all.insert("session_authorization".to_owned(), user);
        Some(all)
    }
}
