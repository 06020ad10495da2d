//! What the real recipe asks of Azure, where it follows from who Keystead is.

use crate::support::bed::{payments, wish};
use azure::roles::PrincipalType;
use domain::id::EnvironmentId;
use keystead::engine::{Installation, Reference, Step, Subject};
use keystead::steps::{PortalClusterRole, PortalVaultRole};

#[test]
fn keysteads_own_rights_go_to_what_it_is_signed_in_as() {
    for (kind, word) in [(PrincipalType::User, "User"), (PrincipalType::ServicePrincipal, "ServicePrincipal")] {
        let (wish, team, environment) = (wish("shop"), payments(), EnvironmentId::new("e-1"));
        let installation = Installation {
            tenant: "t-1".into(),
            subscription: "s-1".into(),
            identity: "o-1".into(),
            identity_kind: kind,
        };
        let subject = Subject { wish: &wish, team: &team, environment: &environment, installation: &installation };
        let asked = [
            PortalVaultRole.wants(&subject, &(Reference::After("vault"),)),
            PortalClusterRole.wants(&subject, &(Reference::After("cluster"),)),
        ];
        for document in asked {
            assert_eq!(document["properties"]["principalId"], "o-1");
            assert_eq!(document["properties"]["principalType"], word, "{document}");
        }
    }
}
