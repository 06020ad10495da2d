//! Tells where the services of this cloud are, to whoever asks `/metadata/endpoints` without a token.
//! Names and shapes: what `management.azure.com` answers, and what the Azure command line and Terraform read of it.
use serde_json::{Value, json};

/// The document of an api-version: an object until 2018, a list of clouds from 2019 on, one cloud from 2022 on.
pub(super) fn endpoints(api_version: &str) -> Value {
    match api_version {
        version if version < "2019" => json!({
            "galleryEndpoint": "https://gallery.azure.com/",
            "graphEndpoint": "https://graph.windows.net/",
            "portalEndpoint": "https://portal.azure.com/",
            "authentication": {
                "loginEndpoint": "https://login.microsoftonline.com/",
                "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
            },
        }),
        version if version < "2022" => json!([cloud()]),
        _ => cloud(),
    }
}

fn cloud() -> Value {
    json!({
        "name": "AzureCloud",
        "portal": "https://portal.azure.com",
        "media": "https://rest.media.azure.net",
        "graph": "https://graph.windows.net/",
        "graphAudience": "https://graph.windows.net/",
        "resourceManager": "https://management.azure.com/",
        "microsoftGraphResourceId": "https://graph.microsoft.com/",
        "logAnalyticsResourceId": "https://api.loganalytics.io",
        "ossrDbmsResourceId": "https://ossrdbms-aad.database.windows.net",
        "batch": "https://batch.core.windows.net/",
        "gallery": "https://gallery.azure.com/",
        "sqlManagement": "https://management.core.windows.net:8443/",
        "vmImageAliasDoc": "https://raw.githubusercontent.com/Azure/azure-rest-api-specs/main/arm-compute/quickstart-templates/aliases.json",
        "activeDirectoryDataLake": "https://datalake.azure.net/",
        "appInsightsResourceId": "https://api.applicationinsights.io",
        "appInsightsTelemetryChannelResourceId": "https://dc.applicationinsights.azure.com/v2/track",
        "attestationResourceId": "https://attest.azure.net",
        "synapseAnalyticsResourceId": "https://dev.azuresynapse.net",
        "authentication": {
            "loginEndpoint": "https://login.microsoftonline.com",
            "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "suffixes": {
            "acrLoginServer": "azurecr.io",
            "attestationEndpoint": "attest.azure.net",
            "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
            "azureDataLakeStoreFileSystem": "azuredatalakestore.net",
            "azureFrontDoorEndpointSuffix": "azurefd.net",
            "keyVaultDns": "vault.azure.net",
            "mariadbServerEndpoint": "mariadb.database.azure.com",
            "mhsmDns": "managedhsm.azure.net",
            "mysqlServerEndpoint": "mysql.database.azure.com",
            "postgresqlServerEndpoint": "postgres.database.azure.com",
            "sqlServerHostname": "database.windows.net",
            "storage": "core.windows.net",
            "storageSyncEndpointSuffix": "afs.azure.net",
            "synapseAnalytics": "dev.azuresynapse.net",
        },
    })
}
