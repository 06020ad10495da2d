"""Writes the examples of the portal's document anew: real answers of a portal that has one of everything, cut short."""

import json
import sys
from pathlib import Path

import rig
import stage

FILE = Path(__file__).parents[2] / "server/src/http/rest/examples.json"
# Rows that a list shows; more of them say nothing more.
ROWS = 2
# What is shown once to its owner, and to nobody by way of an example.
SECRET = {"token": "keystead_svc_…", "secret": "whsec_…"}


def cut(value, name: str = ""):
    """The value with its lists cut short and without what is secret."""
    if isinstance(value, dict):
        return {field: cut(part, field) for field, part in value.items()}
    if isinstance(value, list):
        return [cut(part) for part in value[:ROWS]]
    return SECRET.get(name, value) if isinstance(value, str) else value


def beginning(text: str, kind: str) -> str:
    """Of what has a line for each thing."""
    return "".join(text.splitlines(keepends=True)[:ROWS]) if kind == "application/jsonl" else text


def main() -> None:
    with rig.portal() as portal:
        document = rig.requests.get(portal.url + "/api/openapi.json", timeout=60).json()
        staged = stage.Stage(portal)
        staged.everything()
    answers, texts = {}, {}
    for (asked, status, kind), told in staged.seen.items():
        method, path = asked.split(" ")
        operation = document["paths"][path][method.lower()]
        schema = operation["responses"][str(status)].get("content", {}).get(kind, {}).get("schema", {})
        if kind == "application/json" and "$ref" in schema:
            answers.setdefault(schema["$ref"].rpartition("/")[2], cut(told))
        elif kind != "application/json" and told:
            texts.setdefault(f"{operation['operationId']} {kind}", beginning(told, kind))
    told = {"answers": dict(sorted(answers.items())), "texts": dict(sorted(texts.items()))}
    written = json.dumps(told, indent=1, ensure_ascii=False).replace(portal.url, "https://keystead.contoso.example")
    FILE.write_text(written + "\n")
    print(f"{len(answers)} answers and {len(texts)} texts in {FILE}", file=sys.stderr)


main()
