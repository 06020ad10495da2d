//! The port made true: one file a noun; each method asks `domain::permission` first, then validates, stores and wakes.

mod access;
pub mod accounts;
mod actual;
mod audit;
pub(crate) mod cache;
mod changeable;
mod changes;
mod choices;
mod costs;
mod deciders;
mod drafts;
mod environments;
mod error;
mod evidence;
pub mod expected;
pub mod feed;
mod frames;
mod handing;
mod holding;
mod jobs;
mod listing;
mod lists;
mod notices;
mod paging;
mod parts;
mod people;
mod planning;
mod plans;
mod policies;
mod quota;
mod releasing;
pub mod reminding;
mod requests;
mod sealing;
mod secrets;
mod sending;
mod sessions;
pub mod tag;
mod teams;
pub mod telling;
pub mod tokens;
mod vaults;
mod warnings;
mod webhooks;
mod wishes;

use crate::audit::Sealer;
use crate::clock::Clock;
use crate::config::{Config, Groups, Notices, TeamEntry, Tokens, Webhook};
use crate::engine::{Installation, Live, Recipe, Subject};
use crate::preflight::Picture;
use crate::seal::Seal;
use crate::store::Store;
use app::error::PortalError;
use app::portal::Answer;
use azure::Azure;
use deciders::Deciders;
use domain::account::Caller;
use domain::approval::{Policy, Rule, Size};
use domain::cost::Costing;
use domain::cost::currency::Currency;
use domain::form::Choices;
use domain::id::EnvironmentId;
use domain::name::{TeamName, TemplateName};
use domain::permission::{self, Action, Subject as Permitted};
use domain::plan::{Finding, Plan};
use domain::policy::{InForce, raised};
use domain::request::Kind;
use domain::team::Team;
use domain::wish::Wish;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use tokio::sync::OnceCell;

/// Everything that the portal's promises are kept with.
pub struct Service {
    /// For streams, which outlive the question that began them.
    me: Weak<Service>,
    store: Store,
    clock: Clock,
    azure: Azure,
    recipe: Recipe,
    seal: Seal,
    installation: OnceCell<Installation>,
    /// Of the whole installation, not yet narrowed to a caller.
    choices: Choices,
    teams: Vec<TeamEntry>,
    /// Of the directory, as the configuration names them.
    groups: Groups,
    approvals: Vec<Policy>,
    /// Of the configuration, in force for as long as it says so.
    policies: Vec<InForce>,
    standing: policies::Standing,
    password_files: BTreeMap<TemplateName, PathBuf>,
    deciders: deciders::Cache,
    listings: listing::Listings,
    rows: lists::EnvironmentRows,
    waiting: frames::Waiting,
    offers: frames::Offers,
    vaults: vaults::Cache,
    secrets: secrets::Known,
    picture: Picture,
    prices: costs::Prices,
    /// In which prices are asked for.
    currency: Currency,
    /// Whether what Azure has billed is read.
    reads_actual: bool,
    live: Live,
    feed: feed::Reader,
    sealer: Sealer,
    showing: jobs::Showing,
    /// Whether mail can be sent.
    mails: bool,
    webhooks: Vec<Webhook>,
    notices: Notices,
    /// Milliseconds after which an unused session has ended.
    idle: i64,
    tokens: Tokens,
    /// Days for which a command line stays logged in.
    login_days: u32,
}

impl Service {
    pub fn new(config: &Config, store: Store, azure: Azure, recipe: Recipe, seal: Seal, clock: Clock) -> Arc<Service> {
        let files = config.templates.iter();
        let files = files.filter_map(|entry| Some((entry.template.name.clone(), entry.password_file.clone()?)));
        Arc::new_cyclic(|me| Service {
            me: me.clone(),
            live: Live::new(store.clone(), clock.clone()),
            feed: feed::Reader::new(store.clone(), clock.clone()),
            sealer: Sealer::new(store.clone(), seal.clone()),
            showing: jobs::Showing::default(),
            listings: cache::Cache::new(&store),
            waiting: cache::Cache::new(&store),
            offers: cache::Cache::new(&store),
            standing: cache::Cache::new(&store),
            secrets: cache::Cache::new(&store),
            rows: cache::Cache::new(&store),
            store,
            clock,
            azure,
            recipe,
            seal,
            installation: OnceCell::new(),
            choices: config.choices(),
            teams: config.teams.clone(),
            groups: config.groups(),
            approvals: config.approvals.clone(),
            policies: config.policies_in_force(),
            password_files: files.collect(),
            deciders: deciders::Cache::default(),
            vaults: vaults::Cache::default(),
            picture: Picture::default(),
            prices: costs::Prices::default(),
            currency: config.currency,
            reads_actual: config.cost.actual,
            mails: config.mail.is_some(),
            webhooks: config.webhooks.clone(),
            notices: config.notices,
            idle: config.sign_in.idle_hours.saturating_mul(3_600_000),
            tokens: config.tokens.clone(),
            login_days: config.sign_in.device.days,
        })
    }

    /// The team as the configuration describes it; one that it no longer names keeps its name.
    fn team(&self, name: &TeamName) -> Team {
        let known = self.choices.teams.iter().find(|team| team.name == *name).cloned();
        known.unwrap_or_else(|| Team {
            name: name.clone(),
            title: name.to_string(),
            group: String::new(),
            cost_centre: None,
        })
    }

    /// Who decides for which team, from the configuration and from who has signed in.
    async fn deciders(&self) -> Answer<Arc<Deciders>> {
        self.deciders.read(&self.store, &self.teams, &self.groups, self.clock.now()).await
    }

    /// How a request for this wish is approved; `monthly` in millionths, where it is known.
    fn rule(&self, kind: Kind, wish: &Wish, monthly: Option<i64>) -> Rule {
        let cores = self.cores(&wish.cluster.node_size).saturating_mul(wish.cluster.nodes);
        Policy::rule(&self.approvals, kind, wish, &Size { cores, monthly })
    }

    /// Who decides on it, in a sentence; `findings` may ask for more.
    async fn decider(
        &self,
        caller: &Caller,
        kind: Kind,
        wish: &Wish,
        cost: Option<&Costing>,
        findings: &[Finding],
    ) -> Answer<String> {
        let title = self.team(&wish.team).title;
        let managers = self.deciders().await?.words(&wish.team, &title, &caller.account.name);
        let monthly = cost.map(|cost| cost.monthly().amount.micros);
        Ok(raised(self.rule(kind, wish, monthly), findings).words(&managers))
    }

    /// Where Keystead itself runs; asked of Azure once.
    async fn installation(&self) -> Answer<&Installation> {
        let ask = || async {
            let me = self.azure.me().await.map_err(|error| error::azure("asking Azure who Keystead is", &error))?;
            Ok::<_, PortalError>(Installation::of(&me, self.azure.subscription()))
        };
        self.installation.get_or_try_init(ask).await
    }

    /// What would be done for this wish, as if nothing stood yet.
    async fn plan_of(&self, wish: &Wish, environment: &EnvironmentId) -> Answer<Plan> {
        let (team, installation) = (self.team(&wish.team), self.installation().await?);
        Ok(self.recipe.plan(&Subject { wish, team: &team, environment, installation }))
    }
}

/// The first line of every method that touches a thing: hidden is not there, refused says why.
fn permit(caller: &Caller, action: Action, subject: &Permitted<'_>) -> Answer<()> {
    match permission::may(caller, action, subject) {
        permission::Answer::Allowed => Ok(()),
        permission::Answer::Refused(reason) => Err(PortalError::forbidden(reason)),
        permission::Answer::Hidden => Err(PortalError::not_found()),
    }
}

/// The same answer as a page shows it, before anybody tries.
fn can(caller: &Caller, action: Action, subject: &Permitted<'_>) -> domain::view::Can {
    match permission::may(caller, action, subject).reason() {
        None => domain::view::Can::yes(),
        Some(reason) => domain::view::Can::no(reason),
    }
}

/// Names of the teams whose rows the caller may see, as the store takes them.
fn visible(caller: &Caller) -> Option<Vec<String>> {
    caller.visible_teams().map(|teams| teams.iter().map(TeamName::to_string).collect())
}
