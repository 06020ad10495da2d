"""Exchanges that others have recorded against Azure, read out of source distributions."""

import os
import pathlib
import zipfile

import yaml

FOLDER = pathlib.Path(os.environ["RECORDINGS"])


class Loader(yaml.SafeLoader):
    """Reads plain values; of a recorder's own objects only that they are there."""


Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda loader, tag, node: None)


class Exchange:
    """A request, and what Azure answered."""

    def __init__(self, recorded):
        request, response = recorded["request"], recorded["response"]
        self.method, self.url = request["method"], request["uri"]
        self.body = text(request.get("body"))
        self.status = response["status"]["code"]
        self.headers = {name.lower(): first(value) for name, value in response["headers"].items()}
        self.answer = text(response["body"].get("string"))


def text(value):
    return value.decode() if isinstance(value, bytes) else value or ""


def first(value):
    return value[0] if isinstance(value, list) else value


def cassettes():
    """The recordings by distribution and name, each a list of exchanges."""
    for archive in sorted(FOLDER.glob("*.zip")):
        with zipfile.ZipFile(archive) as files:
            names = [name for name in files.namelist() if "/tests/recordings/" in name and name.endswith(".yaml")]
            for name in sorted(names):
                recorded = yaml.load(files.read(name), Loader)["interactions"]
                title = f"{archive.name.split('-4')[0].split('-15')[0]}/{pathlib.PurePath(name).stem}"
                yield title, [Exchange(one) for one in recorded]
