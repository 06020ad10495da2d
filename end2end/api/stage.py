"""One of everything: what a portal has after an ordinary week, made through its own API, so that each list has a row."""

import datetime
import itertools
import time

import rig

FORM = {"name": "payments-staging", "team": "payments", "region": "westeurope", "template": "web-app-one-node", "reason": "Rehearsal of the release"}
POLICY = 'title = "Small clusters"\nwarn = { nodes = { max = 5 } }\n'


class Stage:
    """Three people with what they have done; `seen` holds each answer by what was asked: `GET /api/v1/jobs/{id}`, 200, its kind."""

    def __init__(self, portal: rig.Portal):
        accounts = ("member", "manager", "platform-engineer")
        self.member, self.manager, self.platform = (rig.Program(portal, f"{who}@contoso.example") for who in accounts)
        self.seen: dict[tuple[str, int, str], object] = {}

    def ask(self, who: rig.Program, method: str, path: str, body=None, headers=None, **names):
        """Asks at the address with its names filled in; what is refused ends the script."""
        more = {"If-Match": "*"} if method != "GET" else {}
        answer = who.http.request(
            method, who.url + path.format(**names), json=body, headers=more | (headers or {}), timeout=90
        )
        if not answer.ok:
            raise SystemExit(f"{method} {answer.url}: {answer.status_code} {answer.text}")
        kind = answer.headers.get("content-type", "").partition(";")[0]
        told = answer.json() if kind == "application/json" else answer.text
        self.seen[f"{method} /api/v1{path}", answer.status_code, kind] = told
        return told

    def listened(self, path: str, **names) -> None:
        """The first two events of a stream."""
        headers = {"Accept": "text/event-stream", "Last-Event-ID": "0"}
        with self.member.http.get(self.member.url + path.format(**names), headers=headers, stream=True, timeout=60) as stream:
            lines = (line for line in stream.iter_lines(decode_unicode=True) if not line.startswith(":"))
            events = itertools.islice(lines, 8)
            self.seen[f"GET /api/v1{path}", 200, "text/event-stream"] = "\n".join(events).strip() + "\n\n"

    def ended(self, job: str):
        """The job, once it moves no more."""
        for _ in range(1800):
            found = self.ask(self.member, "GET", "/jobs/{id}", id=job)
            if found["row"]["state"] in rig.ENDED:
                return found
            time.sleep(0.1)
        raise SystemExit(f"the job {job} does not end: {found['row']}")

    def approved(self, request: dict) -> str:
        """The job of a request that the manager approves."""
        body = {"digest": request["digest"], "comment": "As planned"}
        return self.ask(self.manager, "POST", "/requests/{id}/approval", body, id=request["row"]["id"])["job"]

    def everything(self) -> None:
        self.environments()
        self.requests()
        self.programs()
        self.rules()
        self.people()

    def environments(self) -> None:
        made = self.ask(self.member, "POST", "/plans", FORM)
        self.ask(self.member, "GET", "/plans/{id}", id=made["id"])
        request = self.ask(self.member, "POST", "/requests", {"plan": made["id"], "digest": made["digest"]})
        self.ask(self.manager, "GET", "/approvals")
        self.ended(self.approved(request))
        name = FORM["name"]
        for below in ("", "/access", "/checks", "/secrets", "/validations", "/events", "/destruction", "/release"):
            self.ask(self.member, "GET", "/environments/{name}" + below, name=name)
        password = {"name": name, "secret": "Webapp-DB-Server-UserPassword"}
        self.ask(self.member, "GET", "/environments/{name}/secrets/{secret}", **password)
        self.ask(self.member, "PUT", "/environments/{name}/secrets/{secret}", {"value": "a new password"}, **password)
        self.ask(self.member, "POST", "/environments/{name}/validation", name=name, headers={"Prefer": "wait=60"})
        runs = self.ask(self.member, "GET", "/environments/{name}/validations", name=name)
        run = runs["rows"][0]["id"]
        self.ask(self.member, "GET", "/environments/{name}/validations/{id}", name=name, id=run)
        job = self.ask(self.member, "GET", "/jobs")["rows"][0]["id"]
        self.listened("/jobs/{id}/events", id=job)
        self.listened("/environments/{name}/events", name=name)
        self.listened("/events")
        for below in ("/steps", "/events"):
            self.ask(self.member, "GET", "/jobs/{id}" + below, id=job)
        for kind in ("application/json", "application/yaml"):
            self.ask(self.member, "GET", "/environments/{name}/document", name=name, headers={"Accept": kind})
        for path in ("/environments", "/events", "/requests", "/templates", "/teams", "/quotas", "/me", "/sign-in"):
            self.ask(self.member, "GET", path)

    def requests(self) -> None:
        """One that waits, and one of each end."""
        name = FORM["name"]
        change = {"nodes": "2", "reason": "More load"}
        for end, body in (
            ("rejection", {"comment": "One node is enough"}),
            ("changes", {"comment": "Say for how long"}),
            ("withdrawal", None),
        ):
            request = self.ask(self.member, "POST", "/environments/{name}/change", change, name=name)
            number = request["row"]["id"]
            self.ask(self.manager, "POST", "/requests/{id}/comments", {"comment": "Which load?"}, id=number)
            self.ask(self.manager if body else self.member, "POST", "/requests/{id}/" + end, body, id=number)
        waiting = self.ask(self.member, "POST", "/requests", FORM | {"name": "payments-loadtest"})
        self.ask(self.member, "GET", "/requests/{id}", id=waiting["row"]["id"])

    def programs(self) -> None:
        token = {"name": "nightly-build", "service_of": "payments", "scopes": ["request", "validate"], "expires_days": 30}
        made = self.ask(self.manager, "POST", "/tokens", token)
        self.ask(self.manager, "GET", "/tokens")
        self.ask(self.manager, "GET", "/tokens/{id}", id=made["id"])
        hook = {"team": "payments", "name": "chat", "url": "https://localhost:9/keystead", "events": []}
        webhook = self.ask(self.manager, "POST", "/webhooks", hook)["id"]
        self.ask(self.manager, "POST", "/webhooks/{id}/test", id=webhook)
        self.ask(self.manager, "POST", "/webhooks/{id}/secrets", id=webhook)
        for path in ("/webhooks", "/webhooks/{id}", "/webhooks/{id}/deliveries"):
            self.ask(self.manager, "GET", path, id=webhook)

    def rules(self) -> None:
        written = self.ask(self.platform, "POST", "/policies", {"text": POLICY, "base": 0})
        self.ask(self.platform, "GET", "/policies")
        self.ask(self.platform, "GET", "/policies/{name}", name=written["policy"])
        self.ask(self.platform, "GET", "/deliveries")

    def people(self) -> None:
        hand_over = {"to": "platform-engineer@contoso.example", "until": str(datetime.date.today() + datetime.timedelta(days=7))}
        self.ask(self.manager, "POST", "/handover", hand_over)
        self.ask(self.manager, "GET", "/handover")
        self.ask(self.manager, "GET", "/notices")
        self.ask(self.manager, "GET", "/audit")
        people = self.ask(self.platform, "GET", "/people")
        gone = next(row["id"] for row in people["rows"] if "member" in row["name"])
        self.ask(self.platform, "POST", "/people/departures", {"account": gone})
        self.ask(self.platform, "POST", "/people/returns", {"account": gone})
