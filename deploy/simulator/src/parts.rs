//! Lists what the services of the simulator contribute: ARM kinds and functions, hosts, things to start.
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use axum::Router;
use http::{Method, StatusCode};
use jiff::Timestamp;
use rustls::ServerConfig;

use crate::arm::{Answer, Ask, Refusal};
use crate::operations::Operation;
use crate::resources::{self, Resource};
use crate::state::StateError;
use crate::world::World;

/// One type of ARM resource. Before any method here is called, ARM has checked api-version, token, the caller's
/// roles, the provider's registration, and that the resource group (and the parent, for a child) exists.
#[async_trait]
pub trait Kind: Send + Sync {
    /// The provider type with Azure's own capitals: `Microsoft.ContainerService/managedClusters/agentPools`.
    fn name(&self) -> &'static str;

    /// PUT: makes or replaces the resource `ask.id`. Check and write in one `world.state.change`.
    async fn put(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal>;

    /// PATCH: changes part of it.
    async fn patch(&self, _world: &Arc<World>, _ask: &Ask) -> Result<Answer, Refusal> {
        Err(Refusal::method_not_allowed())
    }

    /// GET: by default the document as it stands, or 404.
    async fn get(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        let found = world.state.read(|draft| resources::find(draft, ask.id.as_str()));
        let found = found.ok_or_else(|| Refusal::resource_not_found(&ask.id))?;
        Ok(Answer::Document(StatusCode::OK, found.body))
    }

    /// GET of the collection `ask.id`, where it is not simply what is kept below it.
    fn listed(&self, _world: &World, _ask: &Ask) -> Option<Result<Vec<serde_json::Value>, Refusal>> {
        None
    }

    /// DELETE: by default removes the resource at once with everything below it, 204 where there was none.
    async fn delete(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal> {
        world
            .state
            .change(|draft| {
                if resources::find(draft, ask.id.as_str()).is_none() {
                    return Ok(Answer::Empty(StatusCode::NO_CONTENT));
                }
                resources::remove(draft, ask.id.as_str());
                Ok(Answer::Empty(StatusCode::OK))
            })
            .await
    }

    /// POST to `…/{name}/{action}`; the caller holds `{type}/{action}/action`.
    async fn act(&self, _world: &Arc<World>, _ask: &Ask, _action: &str) -> Result<Answer, Refusal> {
        Err(Refusal::method_not_allowed())
    }

    /// GET of `…/{name}/{view}` that is no resource, for example `upgradeProfiles`; the caller holds `{type}/{view}/read`.
    async fn view(&self, _world: &Arc<World>, ask: &Ask, _view: &str) -> Result<Answer, Refusal> {
        Err(Refusal::resource_not_found(&ask.id))
    }

    /// A part of the effect of an operation that comes in parts: when it goes on, or nothing where only
    /// [`Kind::complete`] is left. What is noted in `operation.arguments` is kept together with that time. It may be
    /// called again after a crash, so it has to be right twice.
    async fn proceed(&self, _world: &Arc<World>, _operation: &mut Operation) -> Result<Option<Timestamp>, Refusal> {
        Ok(None)
    }

    /// The effect of an operation that this kind began, once its time has come. It may be called again after a
    /// crash, so it has to be right twice. A refusal makes the operation fail with its code and message.
    async fn complete(&self, _world: &Arc<World>, _operation: &Operation) -> Result<(), Refusal> {
        Ok(())
    }

    /// What remains after an operation that failed: by default the resource, where it is there, in the state `Failed`.
    async fn fail(&self, world: &Arc<World>, operation: &Operation, _refusal: &Refusal) -> Result<(), StateError> {
        world
            .state
            .change(|draft| {
                if let Some(mut resource) = resources::find(draft, &operation.resource) {
                    resource.set_provisioning_state("Failed");
                    resources::put(draft, &resource);
                }
                Ok(())
            })
            .await
    }

    /// How long Azure takes to remove the resource together with its group, before the speed divides it.
    fn leaving_takes(&self) -> std::time::Duration {
        std::time::Duration::ZERO
    }

    /// Refuses where the resource cannot go together with its group; the deletion of the group then fails.
    fn can_leave(&self, _world: &World, _draft: &crate::state::Draft<'_>, _resource: &Resource) -> Result<(), Refusal> {
        Ok(())
    }

    /// What goes with the resource when its resource group is deleted: `draft` still holds it, and afterwards the
    /// group's deletion removes it with everything below.
    fn leave(&self, _world: &World, _draft: &mut crate::state::Draft<'_>, _resource: &Resource) {}
}

/// A function of a provider that belongs to no resource: `checkNameAvailability`, lists by location, usages.
#[async_trait]
pub trait Function: Send + Sync {
    /// The method.
    fn method(&self) -> Method;

    /// The path after `/providers/`, with `{name}` for a part that varies: `Microsoft.KeyVault/locations/{location}/deletedVaults/{vault}`.
    fn path(&self) -> &'static str;

    /// The action that the caller must hold at the scope before `/providers/`.
    fn action(&self) -> &'static str;

    /// What a caller without that action is told, where it is not what the resource manager says.
    fn refused(&self, refusal: Refusal) -> Refusal {
        refusal
    }

    /// Answers. `ask.id` is the path as it was asked, `ask.parts` the varying parts by name.
    async fn run(&self, world: &Arc<World>, ask: &Ask) -> Result<Answer, Refusal>;
}

/// A host, or a family of hosts, that the front door answers for.
pub trait Site: Send + Sync {
    /// Whether this site answers for the lower-case host name now. A name that no site answers for does not resolve.
    fn answers(&self, world: &World, host: &str) -> bool;

    /// The routes. The request's extensions hold [`crate::door::HostName`] and [`crate::door::Asker`].
    fn router(&self, world: &Arc<World>) -> Router;

    /// TLS under another authority than the world's, for example the cluster's own.
    fn tls(&self, _world: &World, _host: &str) -> Option<Arc<ServerConfig>> {
        None
    }

    /// Whether it is reached over plain http instead of https.
    fn plain(&self) -> bool {
        false
    }
}

/// Something that starts with the world and goes on until `world.stopping`: a listener, a loop over the state.
#[async_trait]
pub trait Start: Send + Sync {
    /// Starts it; returns once it is ready. What it learns for the portal's configuration goes to `world.facts`.
    async fn start(&self, world: &Arc<World>) -> Result<(), crate::StartError>;

    /// Ends what it started and waits for it; the world's tasks have been told to stop.
    async fn stop(&self, _world: &Arc<World>) {}
}

struct Served {
    site: Box<dyn Site>,
    router: OnceLock<Router>,
}

/// Everything that was contributed. Each service has `pub fn attach(parts: &mut Parts)`, called from lib.rs.
#[derive(Default)]
pub struct Parts {
    kinds: Vec<Box<dyn Kind>>,
    functions: Vec<Box<dyn Function>>,
    sites: Vec<Served>,
    starts: Vec<Box<dyn Start>>,
}

impl Parts {
    /// Adds an ARM kind.
    pub fn add_kind(&mut self, kind: impl Kind + 'static) {
        self.kinds.push(Box::new(kind));
    }

    /// Adds a provider's function.
    pub fn add_function(&mut self, function: impl Function + 'static) {
        self.functions.push(Box::new(function));
    }

    /// Adds a host or a family of hosts.
    pub fn add_site(&mut self, site: impl Site + 'static) {
        self.sites.push(Served { site: Box::new(site), router: OnceLock::new() });
    }

    /// Adds something to start.
    pub fn add_start(&mut self, start: impl Start + 'static) {
        self.starts.push(Box::new(start));
    }

    /// The kind of that provider type, in any case of letters.
    pub fn kind(&self, name: &str) -> Option<&dyn Kind> {
        self.kinds.iter().map(AsRef::as_ref).find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    /// Every kind.
    pub fn kinds(&self) -> impl Iterator<Item = &dyn Kind> {
        self.kinds.iter().map(AsRef::as_ref)
    }

    /// Every function.
    pub fn functions(&self) -> impl Iterator<Item = &dyn Function> {
        self.functions.iter().map(AsRef::as_ref)
    }

    /// Everything to start, in the order in which it was added.
    pub fn starts(&self) -> impl Iterator<Item = &dyn Start> {
        self.starts.iter().map(AsRef::as_ref)
    }

    /// The site that answers for a lower-case host name, with its routes.
    pub fn site(&self, world: &Arc<World>, host: &str) -> Option<(&dyn Site, Router)> {
        let served = self.sites.iter().find(|served| served.site.answers(world, host))?;
        Some((served.site.as_ref(), served.router.get_or_init(|| served.site.router(world)).clone()))
    }
}
