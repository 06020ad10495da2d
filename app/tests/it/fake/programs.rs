//! What a faked portal answers of tokens and webhooks.

use super::Fake;
use app::error::PortalError;
use app::portal::{self, Answer};
use async_trait::async_trait;
use domain::account::Caller;
use domain::view::token::{Filter as TokenFilter, List as Tokens, Made as MadeToken, New as NewToken, Row as Token};
use domain::view::webhook::{Change, Deliveries, Delivery, Filter, List, Log, Made, New, Row};

fn none<T>() -> Answer<T> {
    Err(PortalError::not_found())
}

#[async_trait]
impl portal::Tokens for Fake {
    async fn tokens(&self, _: &Caller, _: &TokenFilter) -> Answer<Tokens> {
        self.tokens.clone()
    }
    async fn token(&self, _: &Caller, id: &str) -> Answer<Token> {
        let found = self.tokens.clone()?.rows.into_iter().find(|row| row.id == id);
        found.ok_or_else(PortalError::not_found)
    }
    async fn create_token(&self, _: &Caller, _: &NewToken) -> Answer<MadeToken> {
        none()
    }
    async fn revoke_token(&self, _: &Caller, _: &str) -> Answer<Token> {
        none()
    }
}

#[async_trait]
impl portal::Webhooks for Fake {
    async fn webhooks(&self, _: &Caller, _: &Filter) -> Answer<List> {
        self.webhooks.clone()
    }
    async fn webhook(&self, _: &Caller, id: &str) -> Answer<Row> {
        let found = self.webhooks.clone()?.rows.into_iter().find(|row| row.id == id);
        found.ok_or_else(PortalError::not_found)
    }
    async fn create_webhook(&self, _: &Caller, _: &New) -> Answer<Made> {
        none()
    }
    async fn change_webhook(&self, _: &Caller, _: &str, _: &Change) -> Answer<Row> {
        none()
    }
    async fn remove_webhook(&self, _: &Caller, _: &str) -> Answer<Row> {
        none()
    }
    async fn rotate_secret(&self, _: &Caller, _: &str) -> Answer<Made> {
        none()
    }
    async fn test_webhook(&self, _: &Caller, _: &str) -> Answer<Delivery> {
        none()
    }
    async fn deliveries(&self, _: &Caller, _: &str, _: &Deliveries) -> Answer<Log> {
        Ok(Log { rows: self.deliveries.clone(), next: None })
    }
    async fn redeliver(&self, _: &Caller, _: &str, _: &str) -> Answer<Delivery> {
        none()
    }
}
