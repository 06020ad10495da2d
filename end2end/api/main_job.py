"""The main job by a client that a generator makes of the portal's own document: ask, approve as another, follow, read."""

import importlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import rig


def generated(portal: rig.Portal, folder: Path) -> None:
    """Makes the client below a folder, and makes it importable."""
    document = folder / "openapi.json"
    document.write_text(rig.requests.get(portal.url + "/api/openapi.json", timeout=60).text)
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", document, "--meta", "none"]
    made = subprocess.run(
        [str(word) for word in command + ["--output-path", folder / "keystead_client"]], text=True, capture_output=True,
        env=rig.os.environ | {"PATH": f"{Path(sys.executable).parent}:{rig.os.environ.get('PATH', '')}"},
    )
    if made.returncode != 0:
        sys.exit(f"no client can be made of the document:\n{made.stdout}\n{made.stderr}")
    left_out = [line for line in made.stdout.splitlines() if "will not be generated" in line]
    if left_out:
        sys.exit("the client lacks operations:\n" + "\n".join(left_out) + made.stdout)
    sys.path.insert(0, str(folder))


def ask(operation: str, client, *path, **more):
    """Calls an operation, `requests.submit_request`; what is no success ends the script."""
    module = importlib.import_module(f"keystead_client.api.{operation}")
    answer = module.sync_detailed(*path, client=client, **more)
    if answer.status_code >= 400:
        sys.exit(f"{operation}: {answer.status_code} {answer.content.decode()}")
    return answer


def followed(client, environment: str) -> list[str]:
    """Kinds of the events of an environment, page by page, until its job has ended: the checks are the last but one."""
    cursor, kinds, state = "", [], ""
    for _ in range(1200):
        page = ask("events.list_environment_events", client, environment, after=cursor).parsed
        kinds += [event.kind.value for event in page.rows]
        states = [event.detail.state for event in page.rows if event.kind.value == "job.changed"]
        cursor, state = page.cursor, (states or [state])[-1]
        if state in rig.ENDED:
            return kinds
        time.sleep(0.1)
    sys.exit(f"the job of {environment} has not ended; so far: {kinds}")


def main() -> None:
    with rig.portal() as portal, tempfile.TemporaryDirectory() as folder:
        generated(portal, Path(folder))
        from keystead_client import AuthenticatedClient
        from keystead_client.models import Approval, Submit

        def program(account: str) -> AuthenticatedClient:
            token = portal.token(f"{account}@contoso.example")
            return AuthenticatedClient(base_url=portal.url, token=token, timeout=60)

        member, manager = program("member"), program("manager")
        form = Submit(
            name="by-program", team="payments", region="westeurope", template="web-app-one-node", reason="A nightly run"
        )
        asked = [ask("requests.submit_request", member, body=form, idempotency_key="nightly-run-1") for _ in range(2)]
        first, again = (answer.parsed.row.id for answer in asked)
        assert first == again, "the same question twice is one request"

        request = ask("requests.read_request", manager, first)
        tag = request.headers["etag"]
        approval = Approval(digest=request.parsed.digest, comment="As planned")
        approved = ask("requests.approve_request", manager, first, body=approval, if_match=tag)
        kinds = followed(member, "by-program")
        told = [kind for kind in kinds if kind in ("request.sent", "request.decided", "step.ended", "validation.ended")]
        assert told[:2] == ["request.sent", "request.decided"] and "step.ended" in told, f"what is told: {kinds}"
        assert "validation.ended" in told, f"what is told: {kinds}"
        job = ask("jobs.read_job", member, approved.parsed.job).parsed
        assert job.row.state.value == "succeeded", f"the job is {job.row.state}"

        environment = ask("environments.read_environment", member, "by-program").parsed
        verdicts = {result.title: result.verdict.value for result in environment.validation.results}
        print(f"{len(verdicts)} checks: {verdicts}")
        assert verdicts, "the validation has results"
        listed = ask("environments.list_environments", member).parsed
        assert "by-program" in [row.name for row in listed.rows]


main()
