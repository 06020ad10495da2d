"""The Azure command line without the proxy, with the simulator registered as a cloud of its own."""

import os
import socket
import tempfile

from lib.az import Az
from lib.story import story


def resolves(name):
    try:
        return bool(socket.getaddrinfo(name, 443))
    except OSError:
        return False


# Where names below `localhost` do not resolve, those of vaults are left to the proxy.
HERE = "localhost" if resolves("a.vault.localhost") else "127.0.0.1"

with tempfile.TemporaryDirectory() as folder:
    az = Az(folder, AZURE_CORE_INSTANCE_DISCOVERY="false", NO_PROXY=f"127.0.0.1,{HERE}")
    manager = os.environ["AZURE_SIMULATOR_RESOURCE_MANAGER"]
    az("cloud register --name Simulated --endpoint-resource-manager", manager)
    az("cloud set --name Simulated")
    story(az, "Simulated", az("cloud show")["suffixes"]["keyvaultDns"])
