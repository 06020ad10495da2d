//! `keystead token`: makes a token on the server's own machine, for the first set-up and for tests.

use super::{CommandError, Token, open};
use crate::clock::Clock;
use crate::config::Given;
use crate::service::tokens::{For, Issued, NotIssued, issue};
use crate::store;
use clap::Args;
use domain::Moment;
use domain::audit::Actor;
use domain::name::{ServiceName, TeamName};
use domain::permission::Action;
use secrecy::ExposeSecret;

#[derive(Debug, Args)]
pub struct Create {
    /// Account name: member@contoso.example; or service:TEAM/NAME for a program of a team.
    #[arg(long = "for")]
    account: String,
    /// What it may do, several with commas between them: see,request. Without it whatever its owner may.
    #[arg(long, value_delimiter = ',', value_parser = scope)]
    scope: Vec<Action>,
    /// In which teams, several with commas between them; without it in all of its owner's.
    #[arg(long, value_delimiter = ',', value_parser = TeamName::parse)]
    team: Vec<TeamName>,
    /// What it is for, as lists show it.
    #[arg(long, default_value = "")]
    name: String,
    /// How long it is valid: 12h, 30d, 1y; at most tokens.longest_days of the configuration.
    #[arg(long, value_parser = lifetime)]
    expires: i64,
}

/// Makes a token and answers its text.
pub async fn token(given: &Given, token: &Token, clock: &Clock) -> Result<String, CommandError> {
    let Token::Create(create) = token;
    let longest = given.longest_days();
    if create.expires > i64::from(longest) * 24 * HOUR {
        let said = format!("tokens live for at most {longest} days here (tokens.longest_days of the configuration)");
        return Err(CommandError::Refused(said));
    }
    let store = open(given).await?;
    let now = clock.now();
    let (whose, owner) = owner(&store, &create.account).await?;
    let name = match &whose {
        For::Service(_, name) if create.name.is_empty() => name.to_string(),
        _ => create.name.clone(),
    };
    let issued = Issued {
        by: Actor::command().on_behalf_of(owner.as_str()),
        whose,
        owner,
        name,
        scopes: (!create.scope.is_empty()).then(|| create.scope.clone()),
        teams: (!create.team.is_empty()).then(|| create.team.clone()),
        made_with: None,
        made_of: None,
        expires: now.plus(create.expires),
    };
    match issue(&store, &issued, now).await {
        Ok((_, token)) => Ok(token.expose_secret().to_owned()),
        Err(NotIssued::Store(error)) => Err(error.into()),
        Err(NotIssued::Refused(said)) => Err(CommandError::Refused(said)),
    }
}

async fn owner(store: &store::Store, account: &str) -> Result<(For, String), CommandError> {
    if let Some(service) = account.strip_prefix("service:") {
        let said = || CommandError::Refused(format!("{account} is no program of a team: service:TEAM/NAME"));
        let (team, name) = service.split_once('/').ok_or_else(said)?;
        let team = TeamName::parse(team).map_err(CommandError::Refused)?;
        let name = ServiceName::parse(name).map_err(CommandError::Refused)?;
        return Ok((For::Service(team, name), account.to_owned()));
    }
    let found = store::account::named(store, account).await?.ok_or_else(|| {
        CommandError::Refused(format!(
            "{account} has not signed in yet; a token carries the roles of the last sign-in, so there has to be one"
        ))
    })?;
    Ok((For::Person(found.id), found.name))
}

fn scope(text: &str) -> Result<Action, String> {
    Action::of_key(text.trim()).ok_or_else(|| {
        let known: Vec<&str> = Action::ALL.into_iter().map(Action::key).collect();
        format!("one of {}", known.join(", "))
    })
}

const HOUR: i64 = 3_600_000;

/// Milliseconds of `12h`, `30d`, `1y`; at most two years.
fn lifetime(text: &str) -> Result<i64, String> {
    let said = || "a whole number with h, d or y: 12h, 30d, 1y; at most 2y".to_owned();
    let unit = text.chars().last().ok_or_else(said)?;
    let number: i64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| said())?;
    let hours = match unit {
        'h' => number,
        'd' => number.saturating_mul(24),
        'y' => number.saturating_mul(24 * 365),
        _ => return Err(said()),
    };
    if (1..=2 * 24 * 365).contains(&hours) { Ok(Moment(hours * HOUR).0) } else { Err(said()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_read_as_people_write_it() {
        assert_eq!(lifetime("12h"), Ok(12 * HOUR));
        assert_eq!(lifetime("30d"), Ok(30 * 24 * HOUR));
        for wrong in ["", "d", "0d", "3y", "10", "-1d", "1ü"] {
            assert!(lifetime(wrong).is_err(), "{wrong}");
        }
    }
}
