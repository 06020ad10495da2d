//! Puts our own Entra token in front of every request to a cluster, and notes when a cluster cannot be reached.
use crate::token::Tokens;
use futures::future::BoxFuture;
use http::{HeaderValue, Request, Response, header::AUTHORIZATION};
use kube::client::Body;
use secrecy::ExposeSecret;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};
use tower::{BoxError, Layer, Service, ServiceExt, buffer::Buffer};

/// The AKS server application, the same in every tenant; its tokens are what clusters with Entra sign-in accept.
const SCOPE: &str = "6dae42f8-4368-4678-94ff-3960e28e3630/.default";
/// Requests that may wait for the connection at a time.
const WAITING: usize = 64;

#[derive(Clone)]
pub(super) struct BearerLayer {
    tokens: Tokens,
    lost: Arc<AtomicBool>,
}

impl BearerLayer {
    /// `lost` is raised when a request gets no answer: the cluster may have been made anew elsewhere.
    pub(super) fn new(tokens: Tokens, lost: Arc<AtomicBool>) -> Self {
        Self { tokens, lost }
    }
}

pub(super) struct Bearer<F> {
    inner: Buffer<Request<Body>, F>,
    layer: BearerLayer,
}

impl<S, B> Layer<S> for BearerLayer
where
    S: Service<Request<Body>, Response = Response<B>, Error = BoxError> + Send + 'static,
    S::Future: Send + 'static,
    B: 'static,
{
    type Service = Bearer<S::Future>;

    fn layer(&self, inner: S) -> Self::Service {
        Bearer { inner: Buffer::new(inner, WAITING), layer: self.clone() }
    }
}

impl<F, B> Service<Request<Body>> for Bearer<F>
where
    F: Future<Output = Result<Response<B>, BoxError>> + Send + 'static,
    B: 'static,
{
    type Response = Response<B>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response<B>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        // Readiness is awaited in the call, after the token is there.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let (mut inner, BearerLayer { tokens, lost }) = (self.inner.clone(), self.layer.clone());
        Box::pin(async move {
            let token = tokens.get(SCOPE).await?;
            let mut bearer = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()))?;
            bearer.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, bearer);
            let answer = async { inner.ready().await?.call(request).await };
            answer.await.inspect_err(|_| lost.store(true, Ordering::Relaxed))
        })
    }
}
