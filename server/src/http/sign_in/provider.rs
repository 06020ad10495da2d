//! Speaks OpenID Connect with the identity provider: authorization code with PKCE, state and nonce, through our HTTP client.

use super::document::Document;
use super::proof::{ASSERTION_TYPE, Endpoint, Proof};
use crate::clock::Clock;
use crate::config::{Groups, Known as Meant, SignIn};
use chrono::{DateTime, Utc};
use domain::Moment;
use domain::account::{Account, AccountId, Role};
use jsonwebtoken::Algorithm;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AuthorizationCode, ClaimsVerificationError, Client, ClientId, ClientSecret, CsrfToken,
    EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IdTokenFields,
    IdTokenVerifier, IssuerUrl, LoginHint, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    StandardErrorResponse, StandardTokenResponse, TokenResponse,
};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use url::Url;

/// How long the provider's document and keys are believed; a token that they do not fit makes us read them anew at once.
const BELIEVED: Duration = Duration::from_secs(600);

/// Milliseconds by which the provider's clock and ours may differ.
const SKEW: i64 = 5 * 60_000;

/// What Entra's id tokens hold beyond the standard. `groups` are object ids, `roles` the values of app roles.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct DirectoryClaims {
    #[serde(default)]
    oid: Option<String>,
    #[serde(default)]
    tid: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    groups: Vec<String>,
    /// What the token leaves out, because it is too long, and where to ask for it instead.
    #[serde(default, rename = "_claim_names")]
    elsewhere: BTreeMap<String, String>,
}

impl AdditionalClaims for DirectoryClaims {}

pub(super) type Claims = openidconnect::IdTokenClaims<DirectoryClaims, CoreGenderClaim>;

type Fields = IdTokenFields<
    DirectoryClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

type Relying = Client<
    DirectoryClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Why somebody could not be let in.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// The provider does not answer, or not as the standard says.
    #[error("asking the identity provider: {0}")]
    Unreachable(String),
    /// We cannot show who we are.
    #[error("proving to the identity provider who Keystead is: {0}")]
    Proof(String),
    /// It answered, and said no.
    #[error("signing in: {0}")]
    Refused(String),
}

/// What must be remembered between leaving for the provider and coming back.
#[derive(Serialize, Deserialize)]
pub struct Leaving {
    state: String,
    nonce: String,
    verifier: String,
    /// The local path to return to.
    pub back: String,
}

impl std::fmt::Debug for Leaving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Leaving").field("back", &self.back).finish_non_exhaustive()
    }
}

/// The identity provider of the configuration.
pub struct Provider {
    pub(super) settings: SignIn,
    groups: Groups,
    redirect: RedirectUrl,
    issuer: IssuerUrl,
    http: reqwest::Client,
    proof: Proof,
    pub(super) clock: Clock,
    known: Mutex<Option<(Instant, Arc<Known>)>>,
}

/// Who came back from the provider.
#[derive(Debug)]
pub struct Arrived {
    pub account: Account,
    /// Where mail reaches them, unless the directory says that it does not know.
    pub email: Option<String>,
    /// The object id to ask the directory about, where it did not put the groups into the token.
    pub ask_for_groups: Option<String>,
}

pub(super) struct Known {
    pub(super) document: Document,
    relying: Relying,
    endpoint: Endpoint,
}

impl Provider {
    /// `groups` says what the directory's groups mean here; `redirect` is our own address for coming back.
    pub fn new(
        settings: SignIn,
        groups: Groups,
        redirect: &Url,
        http: reqwest::Client,
        clock: Clock,
    ) -> Result<Provider, ProviderError> {
        let issuer = IssuerUrl::new(settings.issuer.clone())
            .map_err(|error| ProviderError::Unreachable(format!("sign_in.issuer is no address: {error}")))?;
        Ok(Provider {
            proof: Proof::of(&settings)?,
            settings,
            groups,
            redirect: RedirectUrl::from_url(redirect.clone()),
            issuer,
            http,
            clock,
            known: Mutex::new(None),
        })
    }

    /// The address to send the browser to. `hint` is an account name to offer there.
    pub async fn leave(&self, hint: Option<&str>, back: String) -> Result<(Url, Leaving), ProviderError> {
        let known = self.known(false).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let mut going = known
            .relying
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
            .add_scope(Scope::new("profile".to_owned()))
            .add_scope(Scope::new("email".to_owned()))
            .set_pkce_challenge(challenge);
        if let Some(hint) = hint {
            going = going.set_login_hint(LoginHint::new(hint.to_owned()));
        }
        let (address, state, nonce) = going.url();
        let leaving = Leaving {
            state: state.secret().clone(),
            nonce: nonce.secret().clone(),
            verifier: verifier.secret().clone(),
            back,
        };
        Ok((address, leaving))
    }

    /// Exchanges the code for who it is.
    pub async fn arrive(&self, leaving: &Leaving, state: &str, code: String) -> Result<Arrived, ProviderError> {
        use subtle::ConstantTimeEq;
        if !bool::from(state.as_bytes().ct_eq(leaving.state.as_bytes())) {
            return Err(ProviderError::Refused("the answer belongs to another sign-in".to_owned()));
        }
        let known = self.known(false).await?;
        let mut exchange = known
            .relying
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| ProviderError::Unreachable(error.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(leaving.verifier.clone()));
        if let Some(assertion) = self.proof.assertion(&self.settings.client_id, &known.endpoint, &self.clock).await? {
            exchange = exchange
                .add_extra_param("client_assertion_type", ASSERTION_TYPE)
                .add_extra_param("client_assertion", assertion.expose_secret().to_owned());
        }
        let http = self.http.clone();
        let tokens = exchange
            .request_async(&move |request| send(http.clone(), request))
            .await
            .map_err(|error| ProviderError::Refused(chain(&error)))?;
        let token =
            tokens.id_token().ok_or_else(|| ProviderError::Refused("the provider sent no id token".to_owned()))?;
        let nonce = Nonce::new(leaving.nonce.clone());
        match token.claims(&self.verifier(&known), &nonce) {
            Ok(claims) => self.account(claims),
            // The keys may have been changed since we read them.
            Err(ClaimsVerificationError::SignatureVerification(_)) => {
                let known = self.known(true).await?;
                let claims = token.claims(&self.verifier(&known), &nonce);
                self.account(claims.map_err(|error| unfit(&error))?)
            }
            Err(error) => Err(unfit(&error)),
        }
    }

    /// Issuer, audience, keys and nonce are the library's to check; the times with a little patience.
    fn verifier<'a>(&self, known: &'a Known) -> IdTokenVerifier<'a, CoreJsonWebKey> {
        let now = self.clock.now();
        patient(known.relying.id_token_verifier(), now)
    }

    /// Where the browser ends its session at the provider too, if the provider offers that.
    pub async fn end_session(&self, then: &Url) -> Option<Url> {
        let known = self.known(false).await.ok()?;
        let mut address = known.document.additional_metadata().end_session_endpoint.clone()?;
        address
            .query_pairs_mut()
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("post_logout_redirect_uri", then.as_str());
        Some(address)
    }

    pub(super) fn account(&self, claims: &Claims) -> Result<Arrived, ProviderError> {
        let more = claims.additional_claims();
        let object = more.oid.as_deref().unwrap_or_else(|| claims.subject().as_str());
        let tenant = more.tid.as_deref().unwrap_or_else(|| claims.issuer().as_str());
        let name = claims
            .preferred_username()
            .map(|name| name.as_str())
            .or_else(|| claims.email().map(|email| email.as_str()))
            .unwrap_or(object);
        if let Some(wanted) = &self.settings.tenant_id
            && !more.tid.as_deref().is_some_and(|tid| tid.eq_ignore_ascii_case(wanted))
        {
            return Err(ProviderError::Refused(format!("{name} is of another directory than the one that is let in")));
        }
        let mut roles: Vec<Role> =
            more.roles.iter().filter_map(|claim| self.settings.roles.get(claim)).copied().collect();
        roles.sort_unstable();
        roles.dedup();
        let Meant { teams, groups } = self.groups.of(&more.groups);
        let ask_for_groups = more.elsewhere.contains_key("groups").then(|| object.to_owned());
        let id = AccountId(format!("{tenant}/{object}"));
        let account = Account { id, name: name.to_owned(), roles, teams, groups };
        let doubted = claims.email_verified() == Some(false);
        let email = claims.email().filter(|_| !doubted).map(|email| email.to_string());
        Ok(Arrived { account, email, ask_for_groups })
    }

    pub(super) async fn known(&self, anew: bool) -> Result<Arc<Known>, ProviderError> {
        let mut slot = self.known.lock().await;
        if let Some((since, known)) = slot.as_ref()
            && !anew
            && since.elapsed() < BELIEVED
        {
            return Ok(known.clone());
        }
        let http = self.http.clone();
        let document = Document::discover_async(self.issuer.clone(), &move |request| send(http.clone(), request))
            .await
            .map_err(|error| ProviderError::Unreachable(chain(&error)))?;
        let endpoint = endpoint(&document)?;
        let secret = self.proof.secret().map(|secret| ClientSecret::new(secret.expose_secret().to_owned()));
        let relying =
            Client::from_provider_metadata(document.clone(), ClientId::new(self.settings.client_id.clone()), secret)
                .set_redirect_uri(self.redirect.clone());
        let known = Arc::new(Known { document, relying, endpoint });
        *slot = Some((Instant::now(), known.clone()));
        Ok(known)
    }
}

/// Where tokens are asked for, and how an assertion is signed for it: PS256 unless only RS256 is known there.
fn endpoint(document: &Document) -> Result<Endpoint, ProviderError> {
    let address = document.token_endpoint();
    let address =
        address.ok_or_else(|| ProviderError::Unreachable("its document names no token endpoint".to_owned()))?;
    let known = document.token_endpoint_auth_signing_alg_values_supported();
    let pss = known.is_none_or(|known| known.contains(&CoreJwsSigningAlgorithm::RsaSsaPssSha256));
    let algorithm = if pss { Algorithm::PS256 } else { Algorithm::RS256 };
    Ok(Endpoint { address: address.to_string(), algorithm })
}

/// A verifier whose clock may differ a little.
pub(super) fn patient(
    verifier: IdTokenVerifier<'_, CoreJsonWebKey>,
    now: Moment,
) -> IdTokenVerifier<'_, CoreJsonWebKey> {
    verifier.set_time_fn(move || time(now.plus(-SKEW))).set_issue_time_verifier_fn(move |issued| {
        match issued <= time(now.plus(SKEW)) {
            true => Ok(()),
            false => Err(format!("issued at {issued}, which is yet to come")),
        }
    })
}

fn time(at: Moment) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.0).unwrap_or_default()
}

/// What is wrong with a token, for whoever was not let in and for whoever runs the portal.
pub(super) fn unfit(error: &ClaimsVerificationError) -> ProviderError {
    let said = match error {
        ClaimsVerificationError::Expired(_) => {
            "the times of the provider’s token do not fit: its clock and the portal’s differ by more than five minutes"
        }
        ClaimsVerificationError::InvalidAudience(_) => "the provider’s token is for another application",
        ClaimsVerificationError::InvalidIssuer(_) => "the token is of another provider than the one that was asked",
        ClaimsVerificationError::InvalidNonce(_) => "the provider’s token belongs to another sign-in",
        ClaimsVerificationError::SignatureVerification(_) => "the token is not signed with a key of the provider",
        _ => "the provider’s token cannot be used",
    };
    ProviderError::Refused(format!("{said} ({})", chain(error)))
}

/// One request as the library builds it, through our client, which follows no redirect.
async fn send(http: reqwest::Client, request: HttpRequest) -> Result<HttpResponse, SendError> {
    let request = reqwest::Request::try_from(request)?;
    let answer = http.execute(request).await?;
    let mut response = http::Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        response = response.header(name, value);
    }
    Ok(response.body(answer.bytes().await?.to_vec())?)
}

#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error(transparent)]
    Reqwest(#[from] reqwest::Error),
    #[error(transparent)]
    Http(#[from] http::Error),
}

/// An error with its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
