//! Knows for each resource type which api-version we speak and whether its writes are done when they are answered.

/// One row: a type and everything under it.
struct Api {
    kind: &'static str,
    version: &'static str,
    /// Azure documents no long-running operation for writes of this type, so an answer of 200 or 201 is final
    /// even where it names no provisioning state.
    immediate: bool,
}

const fn row(kind: &'static str, version: &'static str, immediate: bool) -> Api {
    Api { kind, version, immediate }
}

/// Versions are those whose schemas we send by; Key Vault before 2026-02-01 retires in February 2027.
/// A longer type stands before a shorter one that it continues.
const APIS: &[Api] = &[
    row("Microsoft.Authorization/locks", "2020-05-01", true),
    row("Microsoft.Authorization", "2022-04-01", true),
    row("Microsoft.Compute/skus", "2021-07-01", true),
    row("Microsoft.Compute", "2024-11-01", false),
    row("Microsoft.ContainerRegistry", "2025-04-01", false),
    row("Microsoft.ContainerService/managedClusters/maintenanceConfigurations", "2026-05-01", true),
    row("Microsoft.ContainerService", "2026-05-01", false),
    row("Microsoft.CostManagement", "2023-11-01", true),
    row("Microsoft.Insights/diagnosticSettings", "2021-05-01-preview", true),
    row("Microsoft.Insights/eventtypes", "2015-04-01", true),
    row("Microsoft.Insights", "2022-06-01", true),
    row("Microsoft.KeyVault", "2026-02-01", false),
    row("Microsoft.ManagedIdentity", "2024-11-30", true),
    row("Microsoft.OperationalInsights", "2025-02-01", false),
    row("Microsoft.PolicyInsights", "2023-03-01", true),
    row("Microsoft.Quota", "2025-09-01", false),
    row("Microsoft.Resources/subscriptions", "2022-12-01", true),
    row("Microsoft.Resources/locations", "2022-12-01", true),
    row("Microsoft.Resources/providers", "2022-12-01", true),
    row("Microsoft.Resources", "2024-11-01", false),
];

fn find(kind: &str) -> Option<&'static Api> {
    APIS.iter().find(|api| {
        kind.get(..api.kind.len()).is_some_and(|head| head.eq_ignore_ascii_case(api.kind))
            && matches!(kind.as_bytes().get(api.kind.len()), None | Some(b'/'))
    })
}

/// The api-version for a full type such as `Microsoft.KeyVault/vaults`; `None` for a provider that we do not speak to.
pub(crate) fn version(kind: &str) -> Option<&'static str> {
    find(kind).map(|api| api.version)
}

pub(crate) fn immediate(kind: &str) -> bool {
    find(kind).is_some_and(|api| api.immediate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_we_speak_to_has_its_version() {
        for (kind, expected) in [
            ("Microsoft.Resources/resourceGroups", "2024-11-01"),
            ("microsoft.resources/SUBSCRIPTIONS", "2022-12-01"),
            ("Microsoft.ContainerService/managedClusters/agentPools", "2026-05-01"),
            ("Microsoft.Compute/skus", "2021-07-01"),
            ("Microsoft.Compute/locations/usages", "2024-11-01"),
            ("Microsoft.Insights/dataCollectionRuleAssociations", "2022-06-01"),
        ] {
            assert_eq!(version(kind), Some(expected), "{kind}");
        }
        assert_eq!(version("Microsoft.KeyVaultier/vaults"), None);
        assert!(immediate("Microsoft.Authorization/roleAssignments"));
        assert!(!immediate("Microsoft.KeyVault/vaults"));
    }
}
