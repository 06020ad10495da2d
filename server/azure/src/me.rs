//! Reads from our own token who we are.
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::Deserialize;

/// Our own identity in Entra.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Me {
    /// What role assignments name as `principalId`.
    pub object_id: String,
    /// The application; absent for some user tokens.
    pub client_id: Option<String>,
    pub tenant_id: String,
    /// True for a person who is signed in to the command line: their `principalType` is `User`, not `ServicePrincipal`.
    pub is_user: bool,
}

#[derive(Deserialize)]
struct Claims {
    oid: String,
    tid: String,
    appid: Option<String>,
    azp: Option<String>,
    idtyp: Option<String>,
    scp: Option<String>,
}

/// The claims of an access token; its signature is the business of whom it is for.
pub(crate) fn read(token: &str) -> Option<Me> {
    let payload = token.split('.').nth(1)?;
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?).ok()?;
    // A delegated token has scopes and none of an application has; v2 tokens say it in `idtyp` where asked to.
    let is_user = claims.idtyp.as_deref() == Some("user") || (claims.idtyp.is_none() && claims.scp.is_some());
    Some(Me { object_id: claims.oid, client_id: claims.appid.or(claims.azp), tenant_id: claims.tid, is_user })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn the_claims_tell_identity_application_and_tenant_in_both_versions() {
        let v1 = read(&token(r#"{"oid":"o-1","tid":"t-1","appid":"a-1","ver":"1.0"}"#)).unwrap();
        assert_eq!(
            (v1.object_id.as_str(), v1.client_id.as_deref(), v1.tenant_id.as_str()),
            ("o-1", Some("a-1"), "t-1")
        );
        assert!(!v1.is_user);
        let v2 = read(&token(r#"{"oid":"o-2","tid":"t-1","azp":"a-2","scp":"user_impersonation"}"#)).unwrap();
        assert_eq!(v2.client_id.as_deref(), Some("a-2"));
        assert!(v2.is_user);
    }

    #[test]
    fn what_is_no_token_tells_nothing() {
        assert_eq!(read("opaque"), None);
        assert_eq!(read(&token(r#"{"sub":"x"}"#)), None);
    }
}
