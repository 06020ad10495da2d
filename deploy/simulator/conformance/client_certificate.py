"""azure-identity with a certificate in place of a secret, once an administrator has registered it."""

import datetime
import json
import os
import urllib.request

from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CertificateCredential
from azure.mgmt.resource.resources import ResourceManagementClient
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from lib.azure import SUBSCRIPTION, TENANT

APPLICATION = os.environ["AZURE_CLIENT_ID"]


def made():
    """A key and its certificate, one after the other."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "conformance")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1)).sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    return key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain), certificate.public_bytes(pem)


def register(certificate):
    """What an administrator does in the directory; here over a control route."""
    body = json.dumps({"application": APPLICATION, "certificate": certificate.decode()}).encode()
    address, kind = "http://control.simulator/certificates", {"content-type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(address, body, kind)) as answer:
        assert answer.status == 204, answer.status


def credential():
    return CertificateCredential(TENANT, APPLICATION, certificate_data=key + certificate)


key, certificate = made()
try:
    credential().get_token("https://management.azure.com/.default")
    raise AssertionError("nobody has registered it")
except ClientAuthenticationError as error:
    assert "AADSTS700027" in error.message, error.message
register(certificate)
groups = ResourceManagementClient(credential(), SUBSCRIPTION).resource_groups
assert groups.check_existence("conformance-nowhere") is False
