"""psql: the statements of the web app and of rotation, answered as a real PostgreSQL answers them."""

from lib.azure import credential
from lib.psql import real, simulated, statements, verifier

ROTATION = "correct horse battery staple"


def compare(differences, here, there):
    for (statement, found), (_, wanted) in zip(here, there):
        if found != wanted:
            differences.append(f"{statement}\n  simulated: {found}\n  real:      {wanted}")


simulation, passwords = simulated()
reality = real(passwords)
both = [simulation, reality]
differences = []

compare(differences, *(server.run("payments_app", passwords["payments_app"], statements("application")) for server in both))
compare(differences, *(server.run("server_admin", passwords["server_admin"], statements("administrator")) for server in both))
for user, password in [("payments_app", "wrong"), ("stranger", "wrong")]:
    said = [server.refusal(user, password) for server in both]
    assert said[0] == said[1] == f'password authentication failed for user "{user}"', said
assert not differences, "\n".join(differences)

# Rotation: a new password as a verifier, then the end of the sessions that came in with the old one.
for server in both:
    old = server.start("payments_app", passwords["payments_app"])
    old.stdin.write("select 'here';\n")
    assert [old.stdout.readline() for _ in range(3)] == ["?column?\n", "here\n", "(1 row)\n"]
    rotation = server.run(
        "server_admin",
        passwords["server_admin"],
        [
            f"alter role payments_app password '{verifier(ROTATION)}'",
            "select usename, datname, state from pg_stat_activity where usename = 'payments_app'",
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where usename = 'payments_app' and pid <> pg_backend_pid()",
        ],
    )
    assert [answer[1] for _, answer in rotation] == ["00000"] * 3, rotation
    assert rotation[1][1][0][1] == "payments_app|payments|idle" and rotation[2][1][0][1] == "t", rotation
    out, err = old.communicate("select 'still';\n", timeout=60)
    assert "still" not in out and "terminating connection due to administrator command" in err, out + err
    assert server.refusal("payments_app", passwords["payments_app"]) is not None
    assert server.refusal("payments_app", ROTATION) is None
    before = f"alter role payments_app password '{passwords['payments_app']}'"
    server.run("server_admin", passwords["server_admin"], [before])

# A token of Entra is the password of a role that stands for a principal.
token = credential().get_token("https://ossrdbms-aad.database.windows.net/.default").token
[(_, (lines, code))] = simulation.run("subscription-owner", token, ["select current_user"])
assert (lines[1], code) == ("subscription-owner", "00000"), lines
other = credential().get_token("https://vault.azure.net/.default").token
assert simulation.refusal("subscription-owner", other) is not None
assert simulation.refusal("payments_app", token) is not None

# Whatever else PostgreSQL knows is refused by name.
others = ["create table t (id int)", "insert into t values (1)", "select 1 from t", "vacuum", "create extension x"]
for statement, (_, code) in simulation.run("payments_app", passwords["payments_app"], others):
    assert code == "0A000", f"{statement}: {code}"
