//! Reads from our own token who we are.
use crate::roles::PrincipalType;
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
    /// What role assignments name as `principalType`: a person who is signed in to the command line is a `User`.
    pub kind: PrincipalType,
}

#[derive(Deserialize)]
struct Claims {
    oid: String,
    tid: String,
    appid: Option<String>,
    azp: Option<String>,
    idtyp: Option<String>,
    scp: Option<String>,
    upn: Option<String>,
}

impl Claims {
    /// `idtyp` says it where the token has it. Otherwise a person's token has scopes or a user's name, an application's
    /// has neither: its `appid` alone says nothing, for a person signs in through an application too.
    fn kind(&self) -> PrincipalType {
        match self.idtyp.as_deref() {
            Some("user") => PrincipalType::User,
            Some(_) => PrincipalType::ServicePrincipal,
            None if self.scp.is_some() || self.upn.is_some() => PrincipalType::User,
            None => PrincipalType::ServicePrincipal,
        }
    }
}

/// The claims of an access token; its signature is the business of whom it is for.
pub(crate) fn read(token: &str) -> Option<Me> {
    let payload = token.split('.').nth(1)?;
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?).ok()?;
    let kind = claims.kind();
    Some(Me { object_id: claims.oid, client_id: claims.appid.or(claims.azp), tenant_id: claims.tid, kind })
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
        assert_eq!(v1.kind, PrincipalType::ServicePrincipal);
        let v2 = read(&token(r#"{"oid":"o-2","tid":"t-1","azp":"a-2","scp":"user_impersonation"}"#)).unwrap();
        assert_eq!(v2.client_id.as_deref(), Some("a-2"));
        assert_eq!(v2.kind, PrincipalType::User);
    }

    #[test]
    fn a_person_is_told_from_an_application() {
        let kind = |claims: &str| {
            read(&token(&format!(r#"{{"oid":"o-1","tid":"t-1","appid":"a-1",{claims}}}"#))).unwrap().kind
        };
        // The Azure command line's own application, signed in by a person.
        let person = r#""idtyp":"user","scp":"user_impersonation","upn":"engineer@contoso.example""#;
        assert_eq!(kind(person), PrincipalType::User);
        assert_eq!(kind(r#""upn":"engineer@contoso.example""#), PrincipalType::User);
        assert_eq!(kind(r#""scp":"user_impersonation""#), PrincipalType::User);
        assert_eq!(kind(r#""idtyp":"app""#), PrincipalType::ServicePrincipal);
        assert_eq!(kind(r#""xms_mirid":"/subscriptions/s-1""#), PrincipalType::ServicePrincipal);
    }

    #[test]
    fn what_is_no_token_tells_nothing() {
        assert_eq!(read("opaque"), None);
        assert_eq!(read(&token(r#"{"sub":"x"}"#)), None);
    }
}
