//! Lets a call through to a vault's data, or not, by where it comes from.
//!
//! Texts: refusals that others have published. No caller here is one of the services that Azure trusts, so that
//! `bypass` lets nobody through.
use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::refusal::VaultRefusal;
use crate::addresses::Origin;
use crate::arm::{Caller, Refusal};
use crate::resources::{self, Resource};
use crate::world::World;

/// Whether a vault is open to where a call comes from.
pub(super) fn is_open(vault: &Resource, origin: &Origin) -> bool {
    !is_private(vault) && lets_in(&vault.body["properties"]["networkAcls"], origin)
}

fn is_private(vault: &Resource) -> bool {
    let access = vault.body["properties"]["publicNetworkAccess"].as_str();
    access.is_some_and(|access| access.eq_ignore_ascii_case("Disabled"))
}

fn lets_in(rules: &Value, origin: &Origin) -> bool {
    let denies = rules["defaultAction"].as_str().is_some_and(|action| action.eq_ignore_ascii_case("Deny"));
    let by_address = rules["ipRules"].as_array().into_iter().flatten().any(|rule| {
        rule["value"].as_str().and_then(range).is_some_and(|(net, bits)| within(origin.address, net, bits))
    });
    let by_subnet = rules["virtualNetworkRules"].as_array().into_iter().flatten().any(|rule| {
        let named = rule["id"].as_str().map(resources::key);
        origin.subnet.as_deref().is_some_and(|subnet| named == Some(resources::key(subnet)))
    });
    !denies || by_address || by_subnet
}

/// The refusal of a call that was not let through.
pub(super) fn refuse(world: &World, vault: &Resource, caller: &Caller, origin: &Origin) -> VaultRefusal {
    let who = format!(
        "Caller: appid={};oid={};iss={}",
        caller.app_id.as_deref().unwrap_or_default(),
        caller.object_id,
        world.issuer(),
    );
    let vault_name = format!(
        "Vault: {};location={}",
        vault.body["name"].as_str().unwrap_or_default(),
        vault.body["location"].as_str().unwrap_or_default()
    );
    if is_private(vault) {
        return VaultRefusal::forbidden(
            "ForbiddenByConnection",
            format!(
                "Public network access is disabled and request is not from a trusted service nor via an approved private link.\r\n{who}\r\n{vault_name}"
            ),
        );
    }
    VaultRefusal::forbidden(
        "ForbiddenByFirewall",
        format!(
            "Client address is not authorized and caller is not a trusted service.\r\nClient address: {}\r\n{who}\r\n{vault_name}",
            origin.address
        ),
    )
}

/// The rules as they are kept: an address alone is a range of one.
pub(super) fn settled(asked: &Value) -> Result<Value, Refusal> {
    let mut rules = asked.clone();
    for (field, known) in [("defaultAction", ["Allow", "Deny"]), ("bypass", ["AzureServices", "None"])] {
        let value = &rules[field];
        let spelled = known.into_iter().find(|it| value.as_str().is_some_and(|value| it.eq_ignore_ascii_case(value)));
        match (value.is_null(), spelled) {
            (true, _) => rules[field] = json!(if field == "bypass" { "AzureServices" } else { "Allow" }),
            (false, Some(spelled)) => rules[field] = json!(spelled),
            (false, None) => return Err(invalid(&format!("networkAcls.{field}"), value)),
        }
    }
    for field in ["ipRules", "virtualNetworkRules"] {
        if !rules[field].is_array() {
            rules[field] = json!([]);
        }
    }
    for (at, rule) in rules["ipRules"].as_array_mut().into_iter().flatten().enumerate() {
        let Some((net, bits)) = rule["value"].as_str().and_then(range) else {
            return Err(invalid(&format!("networkAcls.ipRules[{at}].value"), &rule["value"]));
        };
        rule["value"] = json!(format!("{net}/{bits}"));
    }
    Ok(rules)
}

fn invalid(place: &str, value: &Value) -> Refusal {
    Refusal::bad("BadRequest", format!("Invalid value found at properties.{place}: {value}"))
}

/// `203.0.113.10` or `203.0.113.0/24`.
fn range(text: &str) -> Option<(Ipv4Addr, u32)> {
    let (net, bits) = text.split_once('/').unwrap_or((text, "32"));
    Some((net.parse().ok()?, bits.parse().ok().filter(|bits| *bits <= 32)?))
}

fn within(address: Ipv4Addr, net: Ipv4Addr, bits: u32) -> bool {
    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
    u32::from(address) & mask == u32::from(net) & mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_let_in_by_the_range_that_it_lies_in() {
        let origin = |address: [u8; 4]| Origin { address: address.into(), subnet: Some("/S/Subnets/A".into()) };
        let deny = |more: Value| {
            let mut rules = json!({"defaultAction": "deny"});
            crate::arm::merge(&mut rules, &more);
            settled(&rules).unwrap_or_default()
        };
        let range = deny(json!({"ipRules": [{"value": "203.0.113.0/28"}]}));
        assert!(lets_in(&range, &origin([203, 0, 113, 15])) && !lets_in(&range, &origin([203, 0, 113, 16])));
        assert_eq!(deny(json!({"ipRules": [{"value": "1.2.3.4"}]}))["ipRules"][0]["value"], "1.2.3.4/32");
        assert!(lets_in(&deny(json!({"ipRules": [{"value": "0.0.0.0/0"}]})), &origin([9, 9, 9, 9])));
        assert!(!lets_in(&deny(json!({})), &origin([9, 9, 9, 9])));
        assert!(lets_in(&deny(json!({"virtualNetworkRules": [{"id": "/s/subnets/a"}]})), &origin([9, 9, 9, 9])));
        assert!(settled(&json!({"ipRules": [{"value": "here"}]})).is_err());
    }
}
