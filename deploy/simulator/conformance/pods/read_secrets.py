"""Reads the web app's four secrets as a team would: it knows KEY_VAULT_NAME, and nothing of how it is let in."""

import os

from azure.identity import DefaultAzureCredential
from azure.keyvault.secrets import SecretClient

NAMES = [
    "Webapp-DB-Server-Name",
    "Webapp-DB-Server-Database",
    "Webapp-DB-Server-Username",
    "Webapp-DB-Server-UserPassword",
]

client = SecretClient(f"https://{os.environ['KEY_VAULT_NAME']}.vault.azure.net", DefaultAzureCredential())
for name in NAMES:
    print(name, client.get_secret(name).value, flush=True)
