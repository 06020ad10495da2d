//! Microsoft's own client library works here as it stands: a proxy address and a certificate are all it is given.
use std::sync::Arc;

use azure_core::credentials::{Secret, TokenCredential};
use azure_core::http::{ClientOptions, Transport};
use azure_identity::{
    ClientSecretCredential, ClientSecretCredentialOptions, ManagedIdentityCredential, ManagedIdentityCredentialOptions,
};
use azure_security_keyvault_secrets::models::SetSecretParameters;
use azure_security_keyvault_secrets::{SecretClient, SecretClientOptions};
use reqwest::Client;

use crate::vaults;
use crate::visitor::Visitor;

fn behind(client: Client) -> ClientOptions {
    ClientOptions { transport: Some(Transport::new(Arc::new(client))), ..ClientOptions::default() }
}

#[tokio::test]
async fn a_program_writes_and_reads_a_secret() {
    let visitor = Visitor::arrive().await;
    vaults::settled(&visitor, "kv-one").await;
    vaults::grant(&visitor, "kv-one", "b86a8fe4-44ce-4948-aee5-eccb2c155cd7").await;
    visitor.advance(30);
    let exports = azure_simulator::folder::exports(visitor.world());
    let text = |name: &str| exports[name].as_str().unwrap().to_owned();
    let options = ClientSecretCredentialOptions { client_options: behind(visitor.anybody()) };
    let secret = Secret::new(text("AZURE_CLIENT_SECRET"));
    let credential =
        ClientSecretCredential::new(&text("AZURE_TENANT_ID"), text("AZURE_CLIENT_ID"), secret, Some(options)).unwrap();
    let options = SecretClientOptions { client_options: behind(visitor.anybody()), ..SecretClientOptions::default() };
    let client = SecretClient::new("https://kv-one.vault.azure.net/", credential, Some(options)).unwrap();
    let parameters = SetSecretParameters { value: Some("from the library".to_owned()), ..Default::default() };
    client.set_secret("name", parameters.try_into().unwrap(), None).await.unwrap();
    let read = client.get_secret("name", None).await.unwrap().into_model().unwrap();
    assert_eq!(read.value.as_deref(), Some("from the library"));
}

#[tokio::test]
async fn the_portals_machine_gets_a_token_with_no_secret_at_all() {
    let visitor = Visitor::arrive().await;
    let options = ManagedIdentityCredentialOptions { client_options: behind(visitor.portal()), ..Default::default() };
    let credential = ManagedIdentityCredential::new(Some(options)).unwrap();
    let token = credential.get_token(&["https://management.azure.com/.default"], None).await.unwrap();
    let reply =
        visitor.ask(token.token.secret(), reqwest::Method::GET, "/resourceGroups", serde_json::Value::Null).await;
    assert_eq!(reply.status, reqwest::StatusCode::OK, "{}", reply.body);
}

#[tokio::test]
async fn a_program_on_no_machine_has_no_identity() {
    let visitor = Visitor::arrive().await;
    let options = ManagedIdentityCredentialOptions { client_options: behind(visitor.anybody()), ..Default::default() };
    let credential = ManagedIdentityCredential::new(Some(options)).unwrap();
    let error = credential.get_token(&["https://management.azure.com/.default"], None).await.unwrap_err();
    assert!(error.to_string().contains("has not been assigned"), "{error}");
}
