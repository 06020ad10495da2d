"""The Azure command line as everybody has it, behind the proxy."""

import tempfile

from lib.az import Az
from lib.story import story

with tempfile.TemporaryDirectory() as folder:
    story(Az(folder), "AzureCloud", ".vault.azure.net")
