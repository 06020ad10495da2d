//! Programs that show a token (JWT) of an issuer that the configuration names: who they are there, after every check.
//!
//! What was wrong with a token is for the log alone: whoever shows one learns that it is not taken, and nothing else.

mod keys;

use crate::clock::Clock;
use crate::config::{Config, Issuer};
use crate::service::accounts::Known;
use domain::Moment;
use domain::account::Role;
use domain::name::TeamName;
use jsonwebtoken::{Algorithm, Validation};
use keys::Keys;
use serde::Deserialize;

/// Seconds by which the issuer's clock and ours may differ.
const SKEW: i64 = 300;
/// No token of an issuer is longer: a header of HTTP holds less than this.
const LONGEST: usize = 16_384;

/// A program under the name that it has here, with what it may be.
#[derive(Clone, Debug)]
pub struct Vouched {
    pub name: String,
    pub known: Known,
}

/// Why a token is not taken; for the log.
#[derive(Debug, thiserror::Error)]
enum Unfit {
    #[error("it is no token of three parts")]
    Malformed,
    #[error("its issuer is none of the configuration")]
    Issuer,
    #[error("its algorithm {0:?} is none that its issuer signs with")]
    Algorithm(Algorithm),
    #[error("its key is none of its issuer's")]
    Key,
    #[error("it does not verify: {0}")]
    Library(#[from] jsonwebtoken::errors::Error),
    #[error("it is over, or does not begin yet")]
    Times,
    #[error("it is of another directory")]
    Tenant,
    #[error("it is a person's, or acts for one")]
    Person,
    #[error("{0} is no program that has a role here")]
    Unknown(String),
    #[error("the keys of its issuer cannot be read: {0}")]
    Unreachable(String),
}

/// What a token says of its holder.
#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    sub: String,
    exp: Option<f64>,
    nbf: Option<f64>,
    tid: Option<String>,
    /// The application, in tokens of version 2 and of version 1.
    azp: Option<String>,
    appid: Option<String>,
    /// `app` of an application; of version 1 also `user`.
    idtyp: Option<String>,
    /// What a person has let an application do: then it acts for that person.
    scp: Option<String>,
    /// Of an identity token, which proves nothing to others than the one that asked for it.
    nonce: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
}

/// The issuers of the configuration, with their keys.
pub struct Issuers {
    issuers: Vec<(Issuer, Keys)>,
    clock: Clock,
}

impl std::fmt::Debug for Issuers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issuers").field("count", &self.issuers.len()).finish_non_exhaustive()
    }
}

impl Issuers {
    pub fn new(config: &Config, http: &reqwest::Client, clock: &Clock) -> Issuers {
        let issuers = config.callers.iter();
        let issuers = issuers.map(|issuer| (issuer.clone(), Keys::new(&issuer.issuer, http.clone()))).collect();
        Issuers { issuers, clock: clock.clone() }
    }

    /// Whether it looks like one at all.
    pub fn is_one(token: &str) -> bool {
        token.starts_with("eyJ") && token.len() <= LONGEST
    }

    /// Who shows it; `None` for whatever reason it is not taken.
    pub async fn vouched(&self, token: &str) -> Option<Vouched> {
        match self.read(token).await {
            Ok(vouched) => Some(vouched),
            Err(unfit) => {
                tracing::info!(%unfit, "a program's token was not taken");
                None
            }
        }
    }

    async fn read(&self, token: &str) -> Result<Vouched, Unfit> {
        let named = jsonwebtoken::dangerous::insecure_decode::<Named>(token).map_err(|_| Unfit::Malformed)?.claims.iss;
        let (issuer, keys) = self.issuers.iter().find(|(issuer, _)| issuer.issuer == named).ok_or(Unfit::Issuer)?;
        let header = jsonwebtoken::decode_header(token).map_err(|_| Unfit::Malformed)?;
        if !issuer.algorithms.contains(&header.alg) {
            return Err(Unfit::Algorithm(header.alg));
        }
        let kid = header.kid.ok_or(Unfit::Key)?;
        let key = keys.find(&kid).await.map_err(Unfit::Unreachable)?.ok_or(Unfit::Key)?;
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[&issuer.issuer]);
        validation.set_audience(&issuer.audiences);
        validation.set_required_spec_claims(&["iss", "aud", "exp"]);
        // By our clock, below.
        (validation.validate_exp, validation.validate_nbf) = (false, false);
        let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation)?.claims;
        let expires = self.in_time(&claims)?;
        if let Some(tenant) = &issuer.tenant_id
            && !claims.tid.as_deref().is_some_and(|tid| tid.eq_ignore_ascii_case(tenant))
        {
            return Err(Unfit::Tenant);
        }
        let of_app = claims.idtyp.as_deref().is_none_or(|kind| kind == "app");
        if claims.scp.is_some() || claims.nonce.is_some() || !of_app {
            return Err(Unfit::Person);
        }
        let (name, roles, teams) = who(issuer, &claims).ok_or_else(|| {
            let app = claims.azp.as_deref().or(claims.appid.as_deref()).unwrap_or_default();
            Unfit::Unknown(format!("{} {app}", claims.sub).chars().filter(|c| !c.is_control()).take(200).collect())
        })?;
        Ok(Vouched { name, known: Known { issuer: issuer.issuer.clone(), roles, teams, expires } })
    }

    fn in_time(&self, claims: &Claims) -> Result<Moment, Unfit> {
        let now = self.clock.now().0.div_euclid(1000);
        let seconds = |at: f64| at as i64; // whole and broken seconds; what is out of bounds becomes the bound
        let expires = claims.exp.filter(|at| at.is_finite()).map(seconds).ok_or(Unfit::Times)?;
        let begun = claims.nbf.is_none_or(|from| from.is_finite() && seconds(from) <= now + SKEW);
        if begun && expires > now - SKEW { Ok(Moment(expires.saturating_mul(1000))) } else { Err(Unfit::Times) }
    }
}

/// Before anything of it is believed: by which issuer it would have to be proved.
#[derive(Deserialize)]
struct Named {
    iss: String,
}

/// Its name here, its roles and its teams: by the program that is named, and by what its directory has given it.
fn who(issuer: &Issuer, claims: &Claims) -> Option<(String, Vec<Role>, Vec<TeamName>)> {
    let app = claims.azp.as_deref().or(claims.appid.as_deref()).filter(|app| !app.is_empty());
    let is_it = |program: &&crate::config::Program| match (&program.app, &program.subject) {
        (Some(wanted), _) => app.is_some_and(|app| app.eq_ignore_ascii_case(wanted)),
        (None, Some(subject)) => match subject.strip_suffix('*') {
            Some(start) => claims.sub.starts_with(start),
            None => claims.sub == *subject,
        },
        (None, None) => false,
    };
    let program = issuer.programs.iter().find(is_it);
    let mut roles: Vec<Role> = claims.roles.iter().filter_map(|value| issuer.roles.get(value)).copied().collect();
    let mut teams: Vec<TeamName> =
        claims.roles.iter().filter_map(|value| issuer.teams.get(value)).flatten().cloned().collect();
    if let Some(program) = program {
        roles.extend(&program.roles);
        teams.extend(program.teams.iter().cloned());
    }
    roles.sort_unstable();
    roles.dedup();
    teams.sort_unstable();
    teams.dedup();
    let name = match (program, app) {
        (Some(program), _) => program.name.clone(),
        (None, Some(app)) => app.to_ascii_lowercase(),
        (None, None) => return None,
    };
    (!roles.is_empty()).then(|| (format!("app:{name}"), roles, teams))
}
