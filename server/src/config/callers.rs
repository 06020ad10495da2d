//! Programs: how long their tokens may live, which of them decide, and whose tokens of other issuers are believed.

use domain::account::Role;
use domain::name::TeamName;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// What holds for every token.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tokens {
    /// No token is made for more days than these.
    pub longest_days: u32,
    /// Programs that may decide as a manager of their team could, never on what they asked for themselves:
    /// `service:TEAM/NAME` or `app:NAME`.
    pub may_approve: Vec<String>,
}

impl Default for Tokens {
    fn default() -> Tokens {
        Tokens { longest_days: 90, may_approve: Vec::new() }
    }
}

/// An issuer whose signed tokens (JWT) are believed: programs show them, and Keystead keeps no secret of theirs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// As it stands in the token's `iss`; below it lies `.well-known/openid-configuration`.
    pub issuer: String,
    /// What a token's `aud` has to name, one of them.
    pub audiences: Vec<String>,
    /// The only directory (`tid`) whose tokens are believed; of Microsoft Entra ID.
    #[serde(default)]
    pub tenant_id: Option<String>,
    /// With which algorithms it signs.
    #[serde(default = "default_algorithms")]
    pub algorithms: Vec<jsonwebtoken::Algorithm>,
    /// What a value of the claim `roles` makes of an application of the directory.
    #[serde(default)]
    pub roles: BTreeMap<String, Role>,
    /// In which teams a value of that claim puts it.
    #[serde(default)]
    pub teams: BTreeMap<String, Vec<TeamName>>,
    /// Programs that are known by themselves.
    #[serde(default)]
    pub programs: Vec<Program>,
}

/// A program of an issuer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Its application id (`azp` or `appid`), at Microsoft Entra ID.
    #[serde(default)]
    pub app: Option<String>,
    /// Or its subject (`sub`): `repo:contoso/payments:ref:refs/heads/main`; `*` at the end, after `:` or `/`, stands for
    /// whatever follows.
    #[serde(default)]
    pub subject: Option<String>,
    /// It appears as `app:NAME`.
    pub name: String,
    #[serde(default = "default_roles")]
    pub roles: Vec<Role>,
    #[serde(default)]
    pub teams: Vec<TeamName>,
}

fn default_algorithms() -> Vec<jsonwebtoken::Algorithm> {
    use jsonwebtoken::Algorithm::{ES256, PS256, RS256};
    vec![RS256, PS256, ES256]
}

fn default_roles() -> Vec<Role> {
    vec![Role::Member]
}

/// What would have to be otherwise.
pub(super) fn sentences(config: &super::Config) -> Vec<String> {
    let known = |team: &TeamName| config.teams.iter().any(|known| known.name == *team);
    unfit(&config.tokens, &config.callers, &known)
}

fn unfit(tokens: &Tokens, callers: &[Issuer], known: &dyn Fn(&TeamName) -> bool) -> Vec<String> {
    let mut wrong = Vec::new();
    if !(1..=3650).contains(&tokens.longest_days) {
        wrong.push("tokens.longest_days is 1 to 3650.".to_owned());
    }
    for name in &tokens.may_approve {
        let service = name.strip_prefix("service:").is_some_and(|rest| rest.split_once('/').is_some());
        if !service && name.strip_prefix("app:").is_none_or(str::is_empty) {
            wrong.push(format!("tokens.may_approve names service:TEAM/NAME or app:NAME, not {name}."));
        }
    }
    let (mut issuers, mut names) = (BTreeSet::new(), BTreeSet::new());
    for caller in callers {
        let issuer = &caller.issuer;
        let mut say = |fits: bool, sentence: &str| {
            if !fits {
                wrong.push(format!("The callers of {issuer} {sentence}"));
            }
        };
        say(issuers.insert(issuer.as_str()), "stand twice.");
        let https = issuer.starts_with("https://") && url::Url::parse(issuer).is_ok();
        say(https, "need an issuer that begins with https://.");
        say(!caller.audiences.is_empty(), "need audiences: what their tokens' aud names.");
        let symmetric = |algorithm: &jsonwebtoken::Algorithm| format!("{algorithm:?}").starts_with("HS");
        say(!caller.algorithms.is_empty(), "need algorithms.");
        say(!caller.algorithms.iter().any(symmetric), "are known by a public key: no HS algorithm.");
        let by_claim = !caller.roles.is_empty() || !caller.teams.is_empty();
        say(!by_claim || caller.tenant_id.is_some(), "have roles and teams by their claims only with a tenant_id.");
        let claimed = caller.teams.values().flatten();
        let named = claimed.chain(caller.programs.iter().flat_map(|program| &program.teams)).all(known);
        say(named, "name an unknown team.");
        for program in &caller.programs {
            let name = program.name.as_str();
            let fits = !name.trim().is_empty() && name.len() <= 60 && names.insert(name);
            say(fits, &format!("need names of 1 to 60 characters that no other bears; {name} is none."));
            say(program.app.is_some() != program.subject.is_some(), &format!("give {name} either app or subject."));
            let whole = program.subject.as_deref().and_then(|subject| subject.strip_suffix('*')).unwrap_or("a:");
            say(whole.ends_with([':', '/']), &format!("end {name}'s subject with * only after : or /."));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Part {
        #[serde(default)]
        tokens: Tokens,
        #[serde(default)]
        callers: Vec<Issuer>,
    }

    fn said(text: &str) -> String {
        let part: Part = toml::from_str(text).expect("a configuration");
        unfit(&part.tokens, &part.callers, &|team| team.as_str() == "payments").join(" ")
    }

    #[test]
    fn the_example_of_the_readme_is_one_that_works() {
        let readme = include_str!("../../../README.md");
        let block = readme.split("```toml\n").find(|block| block.starts_with("[tokens]")).expect("an example");
        let example = block.split("```").next().expect("its end");
        assert_eq!(said(example), "");
        let part: Part = toml::from_str(example).expect("a configuration");
        assert_eq!((part.callers.len(), part.callers[1].programs[0].roles.as_slice()), (2, &[Role::Member][..]));
    }

    #[test]
    fn what_would_let_in_the_wrong_ones_is_said() {
        let caller =
            |more: &str| format!("[[callers]]\nissuer = 'https://i.contoso.example'\naudiences = ['a']\n{more}");
        let program = |more: &str| caller(&format!("[[callers.programs]]\nname = 'ci'\n{more}"));
        assert_eq!(said(&program("subject = 'repo:contoso/payments:*'")), "");
        for (text, wrong) in [
            ("[tokens]\nlongest_days = 0".to_owned(), "1 to 3650"),
            ("[tokens]\nmay_approve = ['ci']".to_owned(), "service:TEAM/NAME or app:NAME"),
            (caller("").replace("https", "http"), "begins with https://"),
            (caller("").replace("['a']", "[]"), "need audiences"),
            (caller("algorithms = ['HS256']"), "no HS algorithm"),
            (caller("algorithms = []"), "need algorithms"),
            (caller("roles = { x = 'member' }"), "only with a tenant_id"),
            (caller("tenant_id = 't'\nteams = { x = ['catalogue'] }"), "an unknown team"),
            (program("subject = 'repo:contoso/payments*'"), "only after : or /"),
            (program("subject = '*'"), "only after : or /"),
            (program(""), "either app or subject"),
            (program("app = 'a'\nsubject = 'b'"), "either app or subject"),
            (format!("{}\n{}", program("app = 'a'"), caller("")), "stand twice"),
            (program("app = 'a'\n[[callers.programs]]\nname = 'ci'\napp = 'b'"), "no other bears"),
        ] {
            let said = said(&text);
            assert!(said.contains(wrong), "{text}: {said}");
        }
    }
}
