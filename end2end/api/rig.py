"""A portal of its own for the scripts beside this file, with people who are signed in and tokens of theirs."""

import html
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from contextlib import contextmanager
from pathlib import Path

import requests

PROGRAMS = Path(os.environ["KEYSTEAD_PROGRAMS"])
ENDED = {"succeeded", "needs-person", "cancelled", "rolled-back"}
SERVES = re.compile(r"serving at (http://\S+)")


class Portal:
    """The built program on a fresh folder, with its simulator; waits are so many times shorter than Azure's."""

    def __init__(self, folder: Path, speed: int):
        self.folder = folder
        simulator = ["azure-simulator", "serve", "--state", str(folder / "azure"), "--speed", str(speed)]
        image = f"registry.contoso.example/webapp:1.0.0={PROGRAMS / 'webapp'}"
        self.environment = os.environ | {
            "KEYSTEAD__DATA": str(folder),
            "KEYSTEAD__LISTEN": "127.0.0.1:0",
            "KEYSTEAD__AZURE__COMMAND": json.dumps(simulator + ["--image", image]),
            "KEYSTEAD__NOTICES__ALLOW_INSIDE": "true",
            "KEYSTEAD__LIMITS__TOKEN_A_MINUTE": "0",
            "KEYSTEAD__LIMITS__PERSON_A_MINUTE": "0",
            "KEYSTEAD__LIMITS__STRANGER_A_MINUTE": "0",
            "KEYSTEAD__LIMITS__SIGN_IN_A_MINUTE": "0",
        }
        self.said: list[str] = []
        self.url = ""

    def start(self) -> None:
        self.process = subprocess.Popen(
            [PROGRAMS / "keystead"], cwd=self.folder, env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        serving = threading.Event()

        def listen() -> None:
            for line in self.process.stdout:
                self.said.append(line)
                if found := SERVES.search(line):
                    self.url = found[1].rstrip("/")
                    serving.set()
            serving.set()

        threading.Thread(target=listen, daemon=True).start()
        serving.wait(60)
        if not self.url:
            sys.exit("the portal does not serve:\n" + "".join(self.said))

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def panics(self) -> list[str]:
        """What the portal says of its own mistakes."""
        return [line for line in self.said if "panicked" in line]

    def sign_in(self, account: str) -> requests.Session:
        """As a browser does it, through the directory's own page."""
        person = requests.Session()
        person.trust_env = False
        left = person.post(self.url + "/sign-in", {"account": account, "back": "/"}, headers={"origin": self.url})
        form = re.search(r'action="([^"]*)"', left.text)
        hidden = re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', left.text)
        if form is None:
            sys.exit(f"the directory's page has no form: {left.status_code} {left.url}\n{left.text}")
        fields = {name: html.unescape(value) for name, value in hidden} | {"account": account}
        address = urllib.parse.urljoin(left.url, html.unescape(form[1]))
        arrived = person.post(address, fields)
        if not arrived.ok or "/sign-in" in arrived.url:
            sys.exit(f"{account} was not signed in: {arrived.status_code} {arrived.url}")
        return person

    def token(self, account: str) -> str:
        """Signs somebody in, and makes a token for a day on the server's host."""
        self.sign_in(account)
        command = [PROGRAMS / "keystead", "token", "create", "--for", account, "--expires", "1d"]
        made = subprocess.run(command, cwd=self.folder, env=self.environment, text=True, capture_output=True)
        if made.returncode != 0:
            sys.exit(f"no token for {account}: {made.stderr}")
        return made.stdout.strip().splitlines()[-1]


class Program:
    """What calls the API with somebody's token, and expects to be served."""

    def __init__(self, portal: Portal, account: str):
        self.url = portal.url + "/api/v1"
        self.http = requests.Session()
        self.http.trust_env = False
        self.token = portal.token(account)
        self.http.headers["Authorization"] = f"Bearer {self.token}"

    def get(self, path: str):
        return self._read(self.http.get(self.url + path, timeout=60))

    def post(self, path: str, body: dict):
        return self._read(self.http.post(self.url + path, json=body, headers={"If-Match": "*"}, timeout=60))

    @staticmethod
    def _read(answer: requests.Response):
        if not answer.ok:
            sys.exit(f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text}")
        return answer.json()


@contextmanager
def portal(speed: int = 200):
    """A portal that serves until the end of the block."""
    with tempfile.TemporaryDirectory(prefix="keystead-api-") as folder:
        running = Portal(Path(folder), speed)
        running.start()
        try:
            yield running
        finally:
            running.stop()
