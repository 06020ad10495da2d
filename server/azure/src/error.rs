//! Says why Azure did not do as asked, in Azure's own words and with what a caller branches on.
use std::{fmt, time::Duration};

/// What a caller acts on. The words for people are in [`Error`].
///
/// | kind | answered by | a caller |
/// | --- | --- | --- |
/// | `NotFound` | 404 | takes it as absent |
/// | `Conflict` | 409, 412 | looks at [`Error::code`]: busy is tried again, taken needs a person |
/// | `Throttled` | 429 | comes back after the time that is named |
/// | `Denied` | 401, 403 and a refused sign-in | waits where a right was just granted, else asks a person |
/// | `Rejected` | other 4xx, a policy, a firewall, a disabled secret, an answer nobody understands | asks a person |
/// | `Unreachable` | no answer, 408, 5xx | tries again; the request may or may not have arrived |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    NotFound,
    Conflict,
    Throttled { after: Duration },
    Denied,
    Rejected,
    Unreachable,
}

/// A call to Azure or Kubernetes that did not succeed. It never contains a secret: no token, no request body.
#[derive(Clone)]
pub struct Error {
    kind: Kind,
    call: Box<Call>,
}

/// The particulars of a failed call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) resource: String,
    pub(crate) status: Option<u16>,
    pub(crate) code: String,
    pub(crate) inner_code: Option<String>,
    pub(crate) message: String,
    pub(crate) correlation: Option<String>,
    pub(crate) after: Option<Duration>,
}

impl Error {
    pub(crate) fn new(kind: Kind, call: Call) -> Self {
        Self { kind, call: Box::new(call) }
    }

    /// Something is wrong on our side of the wire: a configuration, an answer that cannot be understood.
    pub(crate) fn rejected(method: &str, resource: &str, code: &str, message: impl Into<String>) -> Self {
        Self::local(Kind::Rejected, method, resource, code, message)
    }

    /// The request got no answer.
    pub(crate) fn unreachable(method: &str, resource: &str, message: impl Into<String>) -> Self {
        Self::local(Kind::Unreachable, method, resource, "Unreachable", message)
    }

    pub(crate) fn local(kind: Kind, method: &str, resource: &str, code: &str, message: impl Into<String>) -> Self {
        Self::new(
            kind,
            Call {
                method: method.to_owned(),
                resource: resource.to_owned(),
                code: code.to_owned(),
                message: message.into(),
                ..Call::default()
            },
        )
    }

    /// What to branch on.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The method of the request, `PUT`; `SIGN-IN` where no token could be had.
    pub fn method(&self) -> &str {
        &self.call.method
    }

    /// What was asked for: a resource id, or host and path outside of Azure Resource Manager.
    pub fn resource(&self) -> &str {
        &self.call.resource
    }

    /// The HTTP status, where there was an answer.
    pub fn status(&self) -> Option<u16> {
        self.call.status
    }

    /// Azure's code, unchanged: `AuthorizationFailed`, `VaultAlreadyExists`, for Key Vault `Forbidden`,
    /// for a refused sign-in `AADSTS70021`, for Kubernetes the reason.
    pub fn code(&self) -> &str {
        &self.call.code
    }

    /// The narrower code that Key Vault adds: `ForbiddenByRbac`.
    pub fn inner_code(&self) -> Option<&str> {
        self.call.inner_code.as_deref()
    }

    /// Azure's message, unchanged.
    pub fn message(&self) -> &str {
        &self.call.message
    }

    /// The id under which Azure's support finds this call.
    pub fn correlation_id(&self) -> Option<&str> {
        self.call.correlation.as_deref()
    }

    /// How long Azure asked to wait before the next call, where it said so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self.kind {
            Kind::Throttled { after } => Some(after),
            _ => self.call.after,
        }
    }

    /// True where the code or the inner code is this one, whatever its case.
    pub fn is_code(&self, code: &str) -> bool {
        self.call.code.eq_ignore_ascii_case(code)
            || self.inner_code().is_some_and(|inner| inner.eq_ignore_ascii_case(code))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let call = &self.call;
        write!(f, "{} {} ", call.method, call.resource)?;
        match self.kind {
            Kind::Unreachable if call.status.is_none() => f.write_str("got no answer")?,
            Kind::Throttled { after } => write!(f, "was throttled for {} s", after.as_secs_f32().ceil())?,
            Kind::NotFound => f.write_str("found nothing")?,
            Kind::Denied => f.write_str("was denied")?,
            Kind::Conflict => f.write_str("was refused as a conflict")?,
            Kind::Rejected => f.write_str("was rejected")?,
            Kind::Unreachable => f.write_str("failed at the server")?,
        }
        match (call.status, call.code.as_str()) {
            (Some(status), "") => write!(f, " ({status})")?,
            (Some(status), code) => write!(f, " ({status} {code})")?,
            (None, "" | "Unreachable") => {}
            (None, code) => write!(f, " ({code})")?,
        }
        if !call.message.is_empty() {
            write!(f, ": {}", call.message)?;
        }
        if let Some(correlation) = &call.correlation {
            write!(f, " [correlation id {correlation}]")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("azure::Error").field("kind", &self.kind).field("call", &self.call).finish()
    }
}

impl std::error::Error for Error {}
