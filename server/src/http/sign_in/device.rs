//! Signing in on a machine without a browser: where its code comes from, and who the provider says that it was.

use super::document::Document;
use super::provider::{Arrived, DirectoryClaims, Provider, ProviderError, patient, unfit};
use openidconnect::core::{
    CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
};
use openidconnect::{ClaimsVerificationError, ClientId, IdToken, IdTokenVerifier, Nonce};
use secrecy::{ExposeSecret, SecretString};
use std::str::FromStr;
use url::Url;

/// Milliseconds after which the provider's token is not taken any more: it is exchanged as soon as it is given.
const FRESH: i64 = 10 * 60_000;

type Token = IdToken<DirectoryClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

/// Where a command line goes to sign somebody in.
#[derive(Clone, Debug)]
pub struct Offered {
    pub client_id: String,
    pub scope: String,
    pub device: Url,
    pub token: Url,
}

impl Provider {
    /// `None` where the provider, or the configuration, does not offer it.
    pub async fn device(&self) -> Result<Option<Offered>, ProviderError> {
        if !self.settings.device.offered {
            return Ok(None);
        }
        let known = self.known(false).await?;
        let device = known.document.additional_metadata().device_authorization_endpoint.clone();
        let token = known.document.token_endpoint().map(|token| token.url().clone());
        let (client_id, scope) = (self.device_client().to_owned(), self.settings.device.scope.clone());
        Ok(device.zip(token).map(|(device, token)| Offered { client_id, scope, device, token }))
    }

    /// As the configuration names it.
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// Who it was that the provider has just signed in on a device. A token of a sign-in in a browser bears a nonce, and is
    /// none of these.
    pub async fn signed_in_on_device(&self, token: &SecretString) -> Result<Arrived, ProviderError> {
        if !self.settings.device.offered {
            return Err(ProviderError::Refused("signing in by a code is not offered here".to_owned()));
        }
        let unread = |_| ProviderError::Refused("the provider’s token does not read".to_owned());
        let token = Token::from_str(token.expose_secret()).map_err(unread)?;
        let known = self.known(false).await?;
        match token.claims(&self.device_verifier(&known.document), without_nonce) {
            Ok(claims) => self.fresh(claims),
            // The keys may have been changed since we read them.
            Err(ClaimsVerificationError::SignatureVerification(_)) => {
                let known = self.known(true).await?;
                let claims = token.claims(&self.device_verifier(&known.document), without_nonce);
                self.fresh(claims.map_err(|error| unfit(&error))?)
            }
            Err(error) => Err(unfit(&error)),
        }
    }

    fn fresh(&self, claims: &super::provider::Claims) -> Result<Arrived, ProviderError> {
        if claims.issue_time().timestamp_millis() < self.clock.now().plus(-FRESH).0 {
            let said = "the provider’s token is older than ten minutes: begin the login again";
            return Err(ProviderError::Refused(said.to_owned()));
        }
        self.account(claims)
    }

    fn device_client(&self) -> &str {
        self.settings.device.client_id.as_deref().unwrap_or(&self.settings.client_id)
    }

    /// Only signatures that others can check: a shared secret would prove nothing of a program that has none.
    fn device_verifier(&self, document: &Document) -> IdTokenVerifier<'_, CoreJsonWebKey> {
        let client = ClientId::new(self.device_client().to_owned());
        let verifier = IdTokenVerifier::new_public_client(client, document.issuer().clone(), document.jwks().clone());
        let algorithms = document.id_token_signing_alg_values_supported().clone();
        patient(verifier.set_allowed_algs(algorithms), self.clock.now())
    }
}

fn without_nonce(nonce: Option<&Nonce>) -> Result<(), String> {
    nonce.map_or(Ok(()), |_| Err("it is of a sign-in in a browser".to_owned()))
}
