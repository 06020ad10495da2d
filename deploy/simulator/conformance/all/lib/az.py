"""The command line, started as a person starts it: one process a command, with a configuration of its own."""

import json
import os
import subprocess
import sys
import time


class Az:
    """The command line with a configuration of its own."""

    def __init__(self, folder, **more):
        self.environment = dict(
            os.environ, AZURE_CONFIG_DIR=folder, AZURE_CORE_COLLECT_TELEMETRY="no", **more
        )

    def run(self, words, *more):
        command = [sys.executable, "-m", "azure.cli", *words.split(), *more, "--output", "json"]
        done = subprocess.run(
            command, env=self.environment, text=True, capture_output=True, timeout=300, check=False
        )
        return done.returncode == 0, done.stdout, done.stderr

    def __call__(self, words, *more):
        """What a command answers."""
        well, out, err = self.run(words, *more)
        assert well, f"az {words}: {err}"
        return json.loads(out) if out.strip() else None

    def refused(self, part, words, *more):
        """Asserts that a command is refused with words that hold this part."""
        well, out, err = self.run(words, *more)
        assert not well and part in err, f"az {words}: {out}{err}"

    def until_it_goes_well(self, words, *more):
        """A new role assignment counts after a while."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            well, out, err = self.run(words, *more)
            if well:
                return json.loads(out)
            assert "ForbiddenByRbac" in err, err
        raise AssertionError(f"az {words}: {err}")
