//! Opens the Kubernetes API of an AKS cluster as our own identity.
//!
//! Address and authority come from `listClusterUserCredential`; its `exec` plugin is never run and an administrator's
//! credential never asked for. Authorisation is Azure's: without a role the cluster answers 403 with its own text.
mod bearer;
mod object;
mod pod;

pub use object::{Reference, apply, delete, get, list};
pub use pod::{PodAnswer, pod_get, pod_log};

use crate::{
    arm::Arm,
    error::{Call, Error, Kind},
    operation::Answer,
    proxy::Route,
    token::Tokens,
    transport::error_chain,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use bearer::BearerLayer;
use kube::{
    Client, Config,
    client::ClientBuilder,
    config::{Kubeconfig, NamedCluster},
};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use serde_json::Value;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// For how long a cluster's address and authority are taken as known. A failed connection ends it at once.
const KNOWN_FOR: Duration = Duration::from_secs(600);
/// A client that nobody asked for so long goes when the next cluster is met, and its connections with it: there are as
/// many as clusters.
const IDLE: Duration = Duration::from_secs(5);
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(30);

/// Where a cluster is and whom it is known by.
#[derive(Debug, Clone, PartialEq)]
struct Place {
    server: http::Uri,
    authorities: Vec<Vec<u8>>,
}

struct Known {
    place: Place,
    /// None while nobody speaks to it.
    client: Option<Client>,
    asked: Instant,
    used: Instant,
    lost: Arc<AtomicBool>,
}

impl Known {
    fn is_fresh(&self) -> bool {
        self.asked.elapsed() < KNOWN_FOR && !self.lost.load(Ordering::Relaxed)
    }
}

/// The clusters that were spoken to.
#[derive(Clone)]
pub(crate) struct Clusters {
    arm: Arm,
    tokens: Tokens,
    route: Route,
    known: Arc<Mutex<HashMap<String, Known>>>,
}

impl Clusters {
    pub(crate) fn new(arm: Arm, tokens: Tokens, route: Route) -> Self {
        Self { arm, tokens, route, known: Arc::default() }
    }

    pub(crate) async fn client(&self, cluster: &str) -> Result<Client, Error> {
        let key = cluster.to_ascii_lowercase();
        if let Some(known) = self.known().get_mut(&key).filter(|known| known.is_fresh()) {
            return self.of(cluster, known);
        }
        let place = self.place(cluster).await?;
        let mut all = self.known();
        all.retain(|_, known| known.is_fresh());
        for known in all.values_mut().filter(|known| known.used.elapsed() >= IDLE) {
            known.client = None;
        }
        let now = Instant::now();
        let new = || Known { place: place.clone(), client: None, asked: now, used: now, lost: Arc::default() };
        let known = all.entry(key).or_insert_with(new);
        if known.place == place {
            known.asked = now;
            known.lost.store(false, Ordering::Relaxed);
        } else {
            *known = new();
        }
        self.of(cluster, known)
    }

    /// The client of a cluster that is known, made where nobody spoke to it lately.
    fn of(&self, cluster: &str, known: &mut Known) -> Result<Client, Error> {
        known.used = Instant::now();
        match &known.client {
            Some(client) => Ok(client.clone()),
            None => {
                let client = self.connect(cluster, &known.place, Arc::clone(&known.lost))?;
                Ok(known.client.insert(client).clone())
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn place(&self, cluster: &str) -> Result<Place, Error> {
        match self.arm.post(cluster, "listClusterUserCredential", &Value::Null).await? {
            Answer::Done(answer) => read(&answer).map_err(|why| Error::rejected("POST", cluster, "NotUnderstood", why)),
            Answer::Accepted(_) => {
                Err(Error::rejected("POST", cluster, "NotUnderstood", "a credential was promised, not given"))
            }
        }
    }

    fn connect(&self, cluster: &str, place: &Place, lost: Arc<AtomicBool>) -> Result<Client, Error> {
        let host = place.server.host().unwrap_or_default();
        let mut config = Config::new(place.server.clone());
        config.root_cert = Some(place.authorities.clone());
        // Set by us and always: only a kubeconfig load would read the environment.
        config.proxy_url = self.route.to(host).and_then(|proxy| proxy.as_str().parse().ok());
        config.connect_timeout = Some(CONNECT);
        config.read_timeout = Some(ANSWER);
        config.reset_reader_on_write = true;
        // Whoever calls decides on trying again.
        config.default_retry = false;
        let builder = ClientBuilder::try_from(config).map_err(|error| refused("CONNECT", cluster, error))?;
        Ok(builder.with_layer(&BearerLayer::new(self.tokens.clone(), lost)).build())
    }
}

/// Takes server and authority of the current context out of the answer of `listClusterUserCredential`.
fn read(answer: &Value) -> Result<Place, String> {
    let text =
        answer.pointer("/kubeconfigs/0/value").and_then(Value::as_str).ok_or("the answer holds no kubeconfig")?;
    let yaml = STANDARD.decode(text).map_err(|error| format!("the kubeconfig is not base64: {error}"))?;
    let config = Kubeconfig::from_yaml(&String::from_utf8_lossy(&yaml))
        .map_err(|error| format!("the kubeconfig cannot be read: {error}"))?;
    let current = config.current_context.as_deref();
    let named = config.contexts.iter().find(|context| Some(context.name.as_str()) == current);
    let wanted = named.and_then(|context| context.context.as_ref()).map(|context| context.cluster.as_str());
    let of = |cluster: &&NamedCluster| wanted.is_none_or(|wanted| cluster.name == wanted);
    let cluster = config
        .clusters
        .iter()
        .find(of)
        .and_then(|named| named.cluster.as_ref())
        .ok_or("the kubeconfig names no cluster")?;
    let server = cluster.server.as_deref().ok_or("the kubeconfig names no server")?;
    let pem = cluster.certificate_authority_data.as_deref().ok_or("the kubeconfig holds no certificate authority")?;
    let pem = STANDARD.decode(pem).map_err(|error| format!("the certificate authority is not base64: {error}"))?;
    let authorities = CertificateDer::pem_slice_iter(&pem)
        .map(|found| found.map(|der| der.to_vec()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| format!("the certificate authority cannot be read: {error}"))?;
    let server = server.parse().map_err(|error| format!("{server} is not an address: {error}"))?;
    Ok(Place { server, authorities })
}

/// An error of the Kubernetes client in our words: the API server's reason is the code, its message the message.
pub(crate) fn refused(method: &str, resource: &str, error: kube::Error) -> Error {
    match error {
        kube::Error::Api(status) => {
            let after =
                status.details.as_ref().map(|details| details.retry_after_seconds).filter(|seconds| *seconds > 0);
            let after = after.map(|seconds| Duration::from_secs(seconds.into()));
            let kind = match status.code {
                401 | 403 => Kind::Denied,
                404 => Kind::NotFound,
                409 => Kind::Conflict,
                429 => Kind::Throttled { after: after.unwrap_or(Duration::from_secs(1)) },
                408 | 500.. => Kind::Unreachable,
                _ => Kind::Rejected,
            };
            let call = Call {
                method: method.to_owned(),
                resource: resource.to_owned(),
                status: Some(status.code),
                code: status.reason.clone(),
                message: status.message.clone(),
                after,
                ..Call::default()
            };
            Error::new(kind, call)
        }
        kube::Error::Service(error) => match error.downcast::<Error>() {
            // The bearer layer had no token.
            Ok(error) => *error,
            Err(error) => Error::unreachable(method, resource, error_chain(error.as_ref())),
        },
        error @ (kube::Error::HyperError(_) | kube::Error::ReadEvents(_)) => {
            Error::unreachable(method, resource, error_chain(&error))
        }
        error => Error::rejected(method, resource, "NotUnderstood", error_chain(&error)),
    }
}
