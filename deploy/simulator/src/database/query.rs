//! Runs statements of one server in both of PostgreSQL's protocols, simple and extended.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::{BufMut, BytesMut};
use futures::{Sink, stream};
use pgwire::api::portal::{Format, Portal};
use pgwire::api::query::{ExtendedQueryHandler, SimpleQueryHandler};
use pgwire::api::results::{FieldFormat, FieldInfo, QueryResponse, Response, Tag};
use pgwire::api::stmt::QueryParser;
use pgwire::api::store::PortalStore;
use pgwire::api::{ClientInfo, ClientPortalStore, Type};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::data::DataRow;
use pgwire::messages::response::TransactionStatus;

use super::accounts;
use super::accounts::Server;
use super::activity;
use super::refusal::Refusal;
use super::roles;
use super::session::Session;
use super::sessions::Place;
use super::statement::{self, Item, Kind, Statement};
use super::token;
use super::value::{Value, kind_of, protocol_type, value_of};
use crate::world::World;

/// The statements of one server.
#[derive(Clone)]
pub(super) struct Queries {
    pub(super) world: Arc<World>,
    pub(super) place: Arc<Place>,
}

impl Queries {
    /// Runs one statement; columns are written in `format`.
    async fn run<C: ClientInfo>(
        &self,
        client: &C,
        statement: &Statement,
        format: &Format,
    ) -> Result<Response, Refusal> {
        let Some(session) = client.session_extensions().get::<Session>() else {
            return Err(Refusal::unsupported("a statement before the login"));
        };
        let failed = client.transaction_status() == TransactionStatus::Error;
        if failed && !matches!(statement, Statement::Commit | Statement::Rollback) {
            return Err(Refusal::transaction_failed());
        }
        let now = self.world.clock.now();
        match statement {
            Statement::Select(items) => {
                let end = |pid| self.terminate(&session, pid);
                let values: Result<Vec<Value>, Refusal> =
                    items.iter().map(|item| value_of(&item.value, &session, now, &end)).collect();
                Ok(rows("SELECT", fields(items, format)?, &[values?]))
            }
            Statement::Show(name) => {
                let value = session.setting(name).ok_or_else(|| Refusal::no_parameter(name))?;
                Ok(rows("SHOW", shown(name, format)?, &[vec![Value::Text(value)]]))
            }
            Statement::Activity(asked) => {
                let administers = self.server(&session)?.account(&session.user).is_some_and(|it| it.creates_roles);
                let end = |other: &Session| self.terminate(&session, other.pid);
                let found = activity::rows(asked, &self.place.sessions(), &session, administers, &end)?;
                Ok(rows("SELECT", activity_fields(asked, format)?, &found))
            }
            Statement::Role(statement) => {
                let (changes, tag) = roles::changes(&self.server(&session)?, &session.user, statement)?;
                self.keep(session.note(changes)).await?;
                Ok(Response::Execution(Tag::new(tag)))
            }
            Statement::Set { name, value } => {
                session.set(name, value.clone())?;
                Ok(Response::Execution(Tag::new(if value.is_some() { "SET" } else { "RESET" })))
            }
            Statement::Begin(tag) => {
                session.begin(now);
                Ok(Response::TransactionStart(Tag::new(tag)))
            }
            Statement::Commit if failed => {
                session.roll_back();
                Ok(Response::TransactionEnd(Tag::new("ROLLBACK")))
            }
            Statement::Commit => {
                self.keep(session.commit()).await?;
                Ok(Response::TransactionEnd(Tag::new("COMMIT")))
            }
            Statement::Rollback => {
                session.roll_back();
                Ok(Response::TransactionEnd(Tag::new("ROLLBACK")))
            }
        }
    }

    /// Refuses what a session asks that was sent away.
    fn stays(&self) -> Result<(), Refusal> {
        if self.place.end.is_cancelled() { Err(Refusal::sent_away()) } else { Ok(()) }
    }

    /// The server as this session sees it: with what its transaction has changed.
    fn server(&self, session: &Session) -> Result<Server, Refusal> {
        let found = accounts::find(&self.world.state, &self.place.server);
        let mut server = found.ok_or_else(|| Refusal::no_role(&session.user))?;
        session.changes().into_iter().for_each(|change| change.make(&mut server));
        Ok(server)
    }

    /// Ends another session, of the same role or by who administers the server.
    fn terminate(&self, session: &Session, pid: i32) -> Result<bool, Refusal> {
        let other = self.place.sessions().into_iter().find(|other| other.pid == pid);
        let administers = self.server(session)?.account(&session.user).is_some_and(|it| it.creates_roles);
        match other {
            Some(other) if !administers && other.user != session.user => Err(Refusal::may_not(
                "terminate process",
                "Only roles with privileges of the role whose process is being terminated or with privileges of the \"pg_signal_backend\" role may terminate this process.",
            )),
            _ => Ok(self.place.terminate(pid)),
        }
    }

    async fn keep(&self, changes: Vec<roles::Change>) -> Result<(), Refusal> {
        let kept = accounts::change(&self.world.state, &self.place.server, changes).await;
        kept.map_err(|error| Refusal::not_kept(&error.to_string()))
    }
}

#[async_trait]
impl SimpleQueryHandler for Queries {
    async fn do_query<C>(&self, client: &mut C, query: &str) -> PgWireResult<Vec<Response>>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        self.stays()?;
        let mut responses = Vec::new();
        for tokens in token::statements(query)? {
            let result = match statement::parse(&tokens) {
                Ok(statement) => self.run(client, &statement, &Format::UnifiedText).await,
                Err(refusal) => Err(refusal),
            };
            match result {
                Ok(response) => {
                    // pgwire notes a transaction's state only after the last of them.
                    match &response {
                        Response::TransactionStart(_) => client.set_transaction_status(TransactionStatus::Transaction),
                        Response::TransactionEnd(_) => client.set_transaction_status(TransactionStatus::Idle),
                        _ => {}
                    }
                    responses.push(response);
                }
                Err(refusal) => {
                    responses.push(Response::Error(Box::new(refusal.info())));
                    break;
                }
            }
        }
        Ok(responses)
    }
}

#[async_trait]
impl ExtendedQueryHandler for Queries {
    type Statement = Statement;
    type QueryParser = Parser;

    fn query_parser(&self) -> Arc<Parser> {
        Arc::new(Parser)
    }

    async fn do_query<C>(&self, client: &mut C, portal: &Portal<Statement>, _max_rows: usize) -> PgWireResult<Response>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Statement>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        self.stays()?;
        Ok(self.run(client, &portal.statement.statement, &portal.result_column_format).await?)
    }
}

/// Reads a statement for the extended protocol, which takes one at a time.
pub(super) struct Parser;

#[async_trait]
impl QueryParser for Parser {
    type Statement = Statement;

    async fn parse_sql<C>(&self, _client: &C, sql: &str, _types: &[Option<Type>]) -> PgWireResult<Option<Statement>>
    where
        C: ClientInfo + Unpin + Send + Sync,
    {
        let statements = token::statements(sql)?;
        match statements.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(statement::parse(one)?)),
            _ => Err(Refusal::syntax("cannot insert multiple commands into a prepared statement").into()),
        }
    }

    fn get_parameter_types(&self, _statement: &Statement) -> PgWireResult<Vec<Type>> {
        Ok(Vec::new())
    }

    fn get_result_schema(&self, statement: &Statement, format: Option<&Format>) -> PgWireResult<Vec<FieldInfo>> {
        let format = format.unwrap_or(&Format::UnifiedText);
        Ok(match statement {
            Statement::Select(items) => fields(items, format)?,
            Statement::Show(name) => shown(name, format)?,
            Statement::Activity(asked) => activity_fields(asked, format)?,
            _ => Vec::new(),
        })
    }
}

fn fields(items: &[Item], format: &Format) -> Result<Vec<FieldInfo>, Refusal> {
    items.iter().enumerate().map(|(at, item)| field(at, &item.name, kind_of(&item.value)?, format)).collect()
}

fn activity_fields(asked: &activity::Activity, format: &Format) -> Result<Vec<FieldInfo>, Refusal> {
    asked.items.iter().enumerate().map(|(at, (name, item))| field(at, name, item.kind(), format)).collect()
}

fn field(at: usize, name: &str, kind: Kind, format: &Format) -> Result<FieldInfo, Refusal> {
    Ok(FieldInfo::new(name.to_owned(), None, None, protocol_type(kind), format_of(format, at)?))
}

fn shown(name: &str, format: &Format) -> Result<Vec<FieldInfo>, Refusal> {
    Ok(vec![field(0, name, Kind::Text, format)?])
}

/// A client may give a format for each column, and then has to give all.
fn format_of(format: &Format, at: usize) -> Result<FieldFormat, Refusal> {
    match format {
        Format::Individual(each) if each.len() <= at => Err(Refusal::too_few_formats()),
        format => Ok(format.format_for(at)),
    }
}

fn rows(tag: &str, fields: Vec<FieldInfo>, rows: &[Vec<Value>]) -> Response {
    let rows: Vec<_> = rows.iter().map(|values| Ok(row(&fields, values))).collect();
    let mut response = QueryResponse::new(Arc::new(fields), stream::iter(rows));
    response.set_command_tag(tag);
    Response::Query(response)
}

fn row(fields: &[FieldInfo], values: &[Value]) -> DataRow {
    let mut data = BytesMut::new();
    for (field, value) in fields.iter().zip(values) {
        let bytes = match field.format() {
            FieldFormat::Text => value.text().map(String::into_bytes),
            FieldFormat::Binary => value.binary(),
        };
        match bytes {
            Some(bytes) => {
                data.put_i32(i32::try_from(bytes.len()).unwrap_or(i32::MAX));
                data.put_slice(&bytes);
            }
            None => data.put_i32(-1),
        }
    }
    DataRow::new(data, i16::try_from(values.len()).unwrap_or(i16::MAX))
}
