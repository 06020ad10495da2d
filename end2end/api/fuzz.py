"""schemathesis holds the running portal against the document that the portal gives of itself: each operation by its
examples, at the edges of its schemas, with random and with wrong input, and by the links between operations."""

import subprocess
import sys
import tempfile
from pathlib import Path

import rig
import stage

SEED = "20261127"
# Whose rights are tried: who may ask, who may approve, who may do nearly everything.
ACCOUNTS = ["platform-engineer@contoso.example", "manager@contoso.example"]
LONGEST = 600


def main() -> None:
    examples = sys.argv[1] if len(sys.argv) > 1 else "6"
    failed = []
    with rig.portal() as portal:
        stage.Stage(portal).everything()
        for account in ACCOUNTS:
            token = portal.token(account)
            with tempfile.TemporaryDirectory() as reports:
                command = [
                    Path(sys.executable).with_name("schemathesis"),
                    "--config-file", Path(__file__).with_name("schemathesis.toml"), "run", portal.url + "/api/openapi.json",
                    "--header", f"Authorization: Bearer {token}", "--seed", SEED, "--max-examples", examples,
                    "--checks", "all", "--phases", "examples,coverage,fuzzing,stateful", "--continue-on-failure",
                    "--generation-database", "none", "--no-color", "--workers", "2", "--report-dir", reports,
                ]
                print(f"as {account}", flush=True)
                ended = subprocess.run([str(word) for word in command], timeout=LONGEST)
            if ended.returncode != 0:
                failed.append(account)
        if portal.panics():
            sys.exit("the portal panicked:\n" + "".join(portal.panics()))
    if failed:
        sys.exit("not as the document says, as " + ", ".join(failed))


main()
