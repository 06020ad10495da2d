//! The columns of the tables that Container Insights and the logs of resources fill, with Azure's names and types.
//!
//! Source: learn.microsoft.com/azure/azure-monitor/reference/tables; left out are columns that no record here has.

use super::kql::{Column, Kind};

/// One table.
pub(super) struct Schema {
    pub(super) name: &'static str,
    /// What its column `SourceSystem` says.
    pub(super) source: &'static str,
    columns: &'static [(&'static str, Kind)],
}

impl Schema {
    /// The table of that name, in its case.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.name == name)
    }

    /// Its columns, first those of every table.
    pub(super) fn columns(&self) -> Vec<Column> {
        let all = EVERY.iter().chain(self.columns);
        all.map(|(name, kind)| Column { name: (*name).to_owned(), kind: *kind }).collect()
    }
}

const EVERY: [(&str, Kind); 5] = [
    ("TimeGenerated", Kind::Time),
    ("TenantId", Kind::Text),
    ("Type", Kind::Text),
    ("SourceSystem", Kind::Text),
    ("_ResourceId", Kind::Text),
];

const TABLES: [Schema; 7] = [
    Schema {
        name: "KubeNodeInventory",
        source: "Containers",
        columns: &[
            ("Computer", Kind::Text),
            ("ClusterName", Kind::Text),
            ("ClusterId", Kind::Text),
            ("CreationTimeStamp", Kind::Time),
            ("LastTransitionTimeReady", Kind::Time),
            ("Labels", Kind::Dynamic),
            ("Status", Kind::Text),
            ("KubeletVersion", Kind::Text),
            ("KubeProxyVersion", Kind::Text),
            ("KubernetesProviderID", Kind::Text),
            ("OperatingSystem", Kind::Text),
        ],
    },
    Schema {
        name: "KubePodInventory",
        source: "Containers",
        columns: &[
            ("Computer", Kind::Text),
            ("ClusterName", Kind::Text),
            ("ClusterId", Kind::Text),
            ("Name", Kind::Text),
            ("Namespace", Kind::Text),
            ("PodUid", Kind::Text),
            ("PodIp", Kind::Text),
            ("PodLabel", Kind::Dynamic),
            ("PodCreationTimeStamp", Kind::Time),
            ("PodStartTime", Kind::Time),
            ("PodStatus", Kind::Text),
            ("PodRestartCount", Kind::Whole),
            ("ControllerKind", Kind::Text),
            ("ControllerName", Kind::Text),
            ("ServiceName", Kind::Text),
            ("ContainerID", Kind::Text),
            ("ContainerName", Kind::Text),
            ("ContainerStatus", Kind::Text),
            ("ContainerStatusReason", Kind::Text),
            ("ContainerRestartCount", Kind::Whole),
            ("ContainerCreationTimeStamp", Kind::Time),
        ],
    },
    Schema {
        name: "KubeEvents",
        source: "Containers",
        columns: &[
            ("Computer", Kind::Text),
            ("ClusterName", Kind::Text),
            ("ClusterId", Kind::Text),
            ("Name", Kind::Text),
            ("Namespace", Kind::Text),
            ("ObjectKind", Kind::Text),
            ("KubeEventType", Kind::Text),
            ("Reason", Kind::Text),
            ("Message", Kind::Text),
            ("SourceComponent", Kind::Text),
            ("FirstSeen", Kind::Time),
            ("LastSeen", Kind::Time),
            ("Count", Kind::Real),
        ],
    },
    Schema {
        name: "ContainerLogV2",
        source: "Containers",
        columns: &[
            ("Computer", Kind::Text),
            ("ContainerId", Kind::Text),
            ("ContainerName", Kind::Text),
            ("PodName", Kind::Text),
            ("PodNamespace", Kind::Text),
            ("LogMessage", Kind::Dynamic),
            ("LogSource", Kind::Text),
        ],
    },
    Schema {
        name: "InsightsMetrics",
        source: "Insights",
        columns: &[
            ("Computer", Kind::Text),
            ("Origin", Kind::Text),
            ("Namespace", Kind::Text),
            ("Name", Kind::Text),
            ("Val", Kind::Real),
            ("Tags", Kind::Text),
        ],
    },
    Schema {
        name: "AZKVAuditLogs",
        source: "Azure",
        columns: &[
            ("OperationName", Kind::Text),
            ("OperationVersion", Kind::Text),
            ("ResultType", Kind::Text),
            ("ResultSignature", Kind::Text),
            ("ResultDescription", Kind::Text),
            ("HttpStatusCode", Kind::Whole),
            ("DurationMs", Kind::Whole),
            ("CallerIpAddress", Kind::Text),
            ("CorrelationId", Kind::Text),
            ("ClientInfo", Kind::Text),
            ("RequestUri", Kind::Text),
            ("Id", Kind::Text),
            ("Identity", Kind::Dynamic),
            ("IsAddressAuthorized", Kind::Truth),
            ("AddressAuthorizationType", Kind::Text),
            ("SubnetId", Kind::Text),
            ("IsRbacAuthorized", Kind::Truth),
            ("TlsVersion", Kind::Text),
        ],
    },
    Schema {
        name: "AzureDiagnostics",
        source: "Azure",
        columns: &[
            ("Category", Kind::Text),
            ("Resource", Kind::Text),
            ("ResourceId", Kind::Text),
            ("ResourceGroup", Kind::Text),
            ("ResourceProvider", Kind::Text),
            ("ResourceType", Kind::Text),
            ("SubscriptionId", Kind::Text),
            ("OperationName", Kind::Text),
            ("OperationVersion", Kind::Text),
            ("ResultType", Kind::Text),
            ("ResultSignature", Kind::Text),
            ("ResultDescription", Kind::Text),
            ("CallerIPAddress", Kind::Text),
            ("CorrelationId", Kind::Text),
            ("DurationMs", Kind::Whole),
            ("clientInfo_s", Kind::Text),
            ("requestUri_s", Kind::Text),
            ("id_s", Kind::Text),
            ("httpStatusCode_d", Kind::Real),
            ("identity_claim_oid_g", Kind::Text),
            ("identity_claim_appid_g", Kind::Text),
            ("identity_claim_upn_s", Kind::Text),
            ("isAddressAuthorized_b", Kind::Truth),
            ("isRbacAuthorized_b", Kind::Truth),
            ("addrAuthType_s", Kind::Text),
            ("subnetId_s", Kind::Text),
            ("tlsVersion_s", Kind::Text),
        ],
    },
];
