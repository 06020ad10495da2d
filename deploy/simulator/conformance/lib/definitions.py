"""Microsoft's own definitions of ARM resources, and what in a document is not as they say."""

import json
import os
import pathlib

FOLDER = pathlib.Path(os.environ["AZURE_SPECS"]) / "bicep-types"
REQUIRED, READ_ONLY, WRITE_ONLY = 1, 2, 4
# What a request says in its address.
ADDRESS = {"id", "name", "type", "apiVersion"}


class Definitions:
    """The resource types of all files, by lower-case name."""

    def __init__(self):
        self.types = {}
        for file in sorted(FOLDER.glob("*.json")):
            table = json.loads(file.read_text())
            for entry in table:
                if entry["$type"] == "ResourceType":
                    name = entry["name"].split("@")[0].lower()
                    self.types[name] = (table, self.at(table, entry["body"]))

    @staticmethod
    def at(table, reference):
        return table[int(reference["$ref"].removeprefix("#/"))]

    def wrong_answer(self, document):
        """What of a resource is wrong that was answered."""
        return self.wrong(document["type"], document, WRITE_ONLY, ADDRESS - {"id", "name", "type"})

    def wrong_request(self, kind, body):
        """What of a resource is wrong that was asked for."""
        return self.wrong(kind, body, READ_ONLY, ADDRESS)

    def wrong(self, kind, document, forbidden, elsewhere):
        table, body = self.types[kind.lower()]
        return [line.strip() for line in self.compare(table, body, document, "", forbidden, elsewhere)]

    def compare(self, table, wanted, value, path, forbidden, elsewhere=frozenset()):
        kind = wanted["$type"]
        if value is None or kind == "AnyType":
            return
        if kind == "UnionType":
            branches = [self.at(table, branch) for branch in wanted["elements"]]
            outcomes = [list(self.compare(table, branch, value, path, forbidden)) for branch in branches]
            if all(outcomes):
                yield f"{path}: {value!r} is none of {[branch.get('value', branch['$type']) for branch in branches]}"
        elif kind == "StringLiteralType":
            if not isinstance(value, str) or value.lower() != wanted["value"].lower():
                yield f"{path}: {value!r} is not {wanted['value']!r}"
        elif kind in PLAIN:
            if not isinstance(value, PLAIN[kind]) or isinstance(value, bool) != (kind == "BooleanType"):
                yield f"{path}: {value!r} is no {kind}"
        elif kind == "ArrayType":
            if not isinstance(value, list):
                yield f"{path}: {value!r} is no list"
                return
            for element in value:
                yield from self.compare(table, self.at(table, wanted["itemType"]), element, f"{path}[]", forbidden)
        else:
            yield from self.compare_object(table, wanted, value, path, forbidden, elsewhere)

    def compare_object(self, table, wanted, value, path, forbidden, elsewhere):
        if not isinstance(value, dict):
            yield f"{path}: {value!r} is no object"
            return
        properties, others = wanted.get("properties", {}), wanted.get("additionalProperties")
        for name, member in properties.items():
            if member["flags"] & REQUIRED and name not in value and name not in elsewhere:
                yield f"{path}.{name}: is missing"
        for name, inside in value.items():
            here = f"{path}.{name}"
            if name in properties:
                if properties[name]["flags"] & forbidden and name not in elsewhere and inside is not None:
                    yield f"{here}: is {'read-only' if forbidden == READ_ONLY else 'write-only'}"
                yield from self.compare(table, self.at(table, properties[name]["type"]), inside, here, forbidden)
            elif others:
                yield from self.compare(table, self.at(table, others), inside, here, forbidden)
            else:
                yield f"{here}: is not defined"


# The definitions have no other numbers than whole ones, and Azure has: `dailyQuotaGb`.
PLAIN = {"StringType": str, "IntegerType": (int, float), "BooleanType": bool}
