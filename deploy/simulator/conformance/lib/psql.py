"""PostgreSQL's own client, against the simulated server and against a real one."""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import re
import subprocess

STATE = pathlib.Path(os.environ["SSL_CERT_FILE"]).parent
REAL = os.environ["REAL_POSTGRES"]


def statements(name):
    """What is asked of both servers, a statement a line; sqlx asks the same."""
    text = (pathlib.Path(__file__).parent.parent / "statements" / f"{name}.sql").read_text()
    return [line.removesuffix(";") for line in text.splitlines() if not line.startswith("--")]


class Server:
    """One server, by what a client is told of it."""

    def __init__(self, **address):
        self.address = address

    def environment(self, user, password):
        names = {"host": "PGHOST", "port": "PGPORT", "database": "PGDATABASE", "mode": "PGSSLMODE", "ca": "PGSSLROOTCERT"}
        settings = {names[name]: str(value) for name, value in self.address.items()}
        return dict(os.environ, PGUSER=user, PGPASSWORD=password, **settings)

    def start(self, user, password):
        command = ["psql", "--no-psqlrc", "--no-align", "--no-password", "--quiet"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, env=self.environment(user, password), text=True, bufsize=1, **pipes)

    def run(self, user, password, statements):
        """What each statement of a session answers: rows, and its SQLSTATE."""
        text = "".join(f"{statement};\n\\echo -- :SQLSTATE\n" for statement in statements)
        psql = self.start(user, password)
        out, err = psql.communicate(text, timeout=60)
        answers = out.split("\n")
        found, lines = [], []
        for answer in answers:
            if answer.startswith("-- "):
                found.append((lines, answer.removeprefix("-- ")))
                lines = []
            else:
                lines.append(answer)
        assert len(found) == len(statements), f"{len(found)} answers to {len(statements)} statements: {out}{err}"
        return list(zip(statements, found))

    def refusal(self, user, password):
        """What a login is refused with, or nothing."""
        psql = self.start(user, password)
        _, err = psql.communicate("select 1;\n", timeout=60)
        found = re.search(r"FATAL:  (.*)", err)
        return found.group(1) if found else None


def simulated():
    """The database that the default template is told of, and the passwords that lie beside."""
    fact = json.loads((STATE / "portal.json").read_text())["database"]
    host, port = fact["server"].rsplit(":", 1)
    server = Server(host=host, port=port, database=fact["database"], mode="verify-full", ca=STATE / "ca.pem")
    folder = pathlib.Path(fact["password_file"]).parent
    passwords = {file.stem: file.read_text() for file in folder.glob("*.password")}
    return server, passwords


def real(passwords):
    """A database on a real server, with the same roles and passwords, asked for as the simulated one does."""
    folder = re.search(r"host=([^&]+)", REAL).group(1)
    superuser = Server(host=folder, database="postgres")

    def administer(*statements):
        for statement, (_, code) in superuser.run("keystead", "", statements):
            assert code == "00000", f"{statement}: {code}"

    administer(
        *(f"create role {name} login password '{password}'" for name, password in passwords.items()),
        "alter role server_admin createrole",
        "grant pg_signal_backend, pg_read_all_stats to server_admin",
        "create database payments owner server_admin",
    )
    owned = Server(host=folder, database="payments").run("keystead", "", ["alter schema public owner to server_admin"])
    assert owned[0][1][1] == "00000", owned
    [(_, ((_, file, *_), _))] = superuser.run("keystead", "", ["show hba_file"])
    rules = "select unnest(array[''local all keystead trust'', ''local all all scram-sha-256''])".replace("''", "'")
    administer(f"copy ({rules}) to '{file}'", "select pg_reload_conf()")
    return Server(host=folder, database="payments")


def verifier(password, salt=b"sixteen bytes it", iterations=4096):
    """A ready-made SCRAM verifier, so that the server never sees the password (RFC 5803)."""
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    sign = lambda text: hmac.digest(salted, text, "sha256")
    stored, server = hashlib.sha256(sign(b"Client Key")).digest(), sign(b"Server Key")
    encode = lambda key: base64.b64encode(key).decode()
    return f"SCRAM-SHA-256${iterations}:{encode(salt)}${encode(stored)}:{encode(server)}"
