"""Recorded traffic: what Azure once answered the clients of Key Vault and AKS, put to the simulator and compared.

What differs is listed in cassettes.json with its reason; what is listed and differs no more fails as well.
"""

import itertools
import json
import pathlib
import re
import time
import uuid
from urllib.parse import urlsplit

import requests

from lib.azure import SUBSCRIPTION, credential, grant, group, object_id, register, until
from lib.recordings import cassettes
from lib.vault import SECRETS_OFFICER, body, management

KNOWN = json.loads(pathlib.Path(__file__).with_suffix(".json").read_text())
HEADERS = ["azure-asyncoperation", "location", "retry-after", "www-authenticate"]
SESSION = requests.Session()
ZERO = "00000000-0000-0000-0000-000000000000"
SKIP = re.compile(r"skiptoken=([^&]+)")
VERSION = re.compile(r"/(?:secrets|deletedsecrets)/[^/?]+/([0-9a-f]{32})")


class Replay:
    """One recording, with the simulator's own names in the place of the recorded ones."""

    def __init__(self, title, exchanges, names):
        self.title, self.exchanges, self.names = title, exchanges, dict(names)
        self.found = set()

    def run(self):
        # Only who polls asks the same again.
        alike = lambda exchange: (exchange.method, exchange.url) if exchange.method == "GET" else id(exchange)
        for _, several in itertools.groupby(self.exchanges, alike):
            several = list(several)
            self.compare(several[-1], self.ask(several))

    def ask(self, several):
        """Sends a request until it is answered as it was at last: who polls is answered differently meanwhile."""
        last = several[-1]
        state = lambda status, answer: (status, parsed(answer).get("status"))
        wanted = state(last.status, last.answer)
        end = time.monotonic() + (60 if len(several) > 1 else 3)
        while True:
            answer = self.send(last)
            again = last.method == "GET" and state(answer.status_code, answer.text) != wanted
            if not again or wanted[1] == "InProgress" or time.monotonic() > end:
                return answer
            time.sleep(0.05)

    def send(self, exchange):
        url, text = self.ours(exchange.url), self.ours(exchange.body)
        headers = {"content-type": "application/json"}
        if exchange.status != 401:
            vault = urlsplit(url).hostname.endswith("vault.azure.net")
            headers["authorization"] = f"Bearer {token('vault.azure.net' if vault else 'management.azure.com')}"
        return SESSION.request(exchange.method, url, data=text or None, headers=headers, timeout=60)

    def ours(self, recorded):
        for name in sorted(self.names, key=len, reverse=True):
            recorded = recorded.replace(name, self.names[name])
        return recorded

    def compare(self, exchange, answer):
        place = f"{exchange.method} {shape(exchange.url)}"
        differs = lambda what: self.found.add(f"{place}: {what}")
        theirs, ours = parsed(exchange.answer), parsed(answer.text)
        code = lambda document: (document.get("error") or {}).get("code", "")
        before, after = (exchange.status, code(theirs)), (answer.status_code, code(ours))
        if before != after:
            return differs(" ".join(map(str, ["was", *before, "is", *after])).replace("  ", " ").strip())
        for header in HEADERS:
            was, now = exchange.headers.get(header), answer.headers.get(header)
            if (was is None) != (now is None):
                differs(f"{header} is {'more' if was is None else 'missing'}")
            elif was and header == "www-authenticate" and challenge(was) != challenge(now):
                differs(f"{header} was {challenge(was)} is {challenge(now)}")
            elif was and header != "www-authenticate":
                self.names[was] = now
        was, now = keys(theirs), keys(ours)
        for key in was - now:
            differs(f"{key} is missing")
        for key in now - was:
            differs(f"{key} is more")
        self.learn(theirs, ours)

    def learn(self, theirs, ours):
        """Takes down what is called otherwise here: versions, next pages, backups."""
        if isinstance(theirs, dict) and isinstance(ours, dict):
            for name in theirs.keys() & ours.keys():
                was, now = theirs[name], ours[name]
                if name == "nextLink" and was and now:
                    self.names[SKIP.search(was).group(1)] = SKIP.search(now).group(1)
                elif name == "value" and isinstance(was, str) and isinstance(now, str) and was != now:
                    self.names[was] = now
                elif name == "id" and isinstance(was, str) and (version := VERSION.search(was)):
                    self.names.setdefault(version.group(1), VERSION.search(now).group(1))
                else:
                    self.learn(was, now)


def parsed(text):
    try:
        document = json.loads(text)
        return document if isinstance(document, dict) else {}
    except ValueError:
        return {}


def keys(value, path=""):
    """The paths of all keys, with the elements of a list taken together; what somebody chose is no key."""
    if isinstance(value, dict) and path.rpartition(".")[2] not in ("tags", "nodeLabels"):
        return {key for name, below in value.items() for key in {f"{path}.{name}".strip(".")} | keys(below, f"{path}.{name}".strip("."))}
    if isinstance(value, list):
        return {key for below in value for key in keys(below, f"{path}[]")}
    return set()


def shape(url):
    """The path of a request without the names in it."""
    path = urlsplit(url).path
    path = re.sub(r"(?i)/subscriptions/[^/]+(/resourcegroups/[^/]+)?/providers/[^/]+", "", path)
    path = re.sub(r"(?i)/(secrets|deletedsecrets|managedClusters|agentPools|containerServices)/(?!restore)[^/]+", r"/\1/{}", path)
    path = re.sub(r"[0-9a-f]{32}$", "{}", path)
    return re.sub(r"/locations/[^/]+/(operations|operationresults)/.*", r"/\1/{}", path)


def challenge(header):
    """What a challenge says, without the directory's id."""
    return re.sub(r"[0-9a-f-]{36}", "TENANT", header)


def token(audience, taken={}):
    if audience not in taken:
        taken[audience] = credential().get_token(f"https://{audience}/.default").token
    return taken[audience]


def resolves(host):
    try:
        answer = SESSION.get(f"https://{host}/secrets?api-version=7.0", headers={"authorization": f"Bearer {token('vault.azure.net')}"}, timeout=60)
        return answer.status_code == 200
    except requests.exceptions.ConnectionError:
        return False


register("Microsoft.KeyVault", "Microsoft.ContainerService")
found, skipped, count = set(), set(), 0
with group("conformance-cassettes") as rg:
    grant(f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{rg}", SECRETS_OFFICER, object_id())
    replays, vaults = [], management().vaults
    for title, exchanges in cassettes():
        if title in KNOWN["skipped"]:
            skipped.add(title)
            continue
        names = {ZERO: SUBSCRIPTION}
        for exchange in exchanges:
            host = urlsplit(exchange.url).hostname
            if host.endswith("vault.azure.net") and host not in names:
                name = f"kv-{uuid.uuid4().hex[:12]}"
                names[host] = f"{name}.vault.azure.net"
                vaults.begin_create_or_update(rg, name, body())
            if there := re.search(r"(?i)/resourcegroups/([^/?]+)", exchange.url):
                names[there.group(1)] = rg
        replays.append(Replay(title, exchanges, names))
    for replay in replays:
        for host in (host for host in replay.names.values() if host.endswith("vault.azure.net")):
            until(lambda: all(resolves(host) for _ in range(4)))
        replay.run()
        found |= replay.found
        count += len(replay.exchanges)

patterns = [re.compile(pattern) for known in KNOWN["differences"] for pattern in known["lines"]]
unknown = {line for line in found if not any(pattern.fullmatch(line) for pattern in patterns)}
stale = {pattern.pattern for pattern in patterns if not any(pattern.fullmatch(line) for line in found)}
print(f"{count} exchanges of {len(replays)} recordings, {len(found - unknown)} differences that are known")
for title, lines in [("differs and is not listed", unknown), ("is listed and does not differ", stale)]:
    for line in sorted(lines):
        print(f"{title}: {line}")
assert not unknown and not stale and skipped == set(KNOWN["skipped"])
