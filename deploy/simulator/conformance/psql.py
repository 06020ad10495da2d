"""psql: the statements of the web app and of rotation, answered as a real PostgreSQL answers them."""

from lib.azure import credential
from lib.psql import real, simulated, verifier

APPLICATION = [
    "select 1, 'It''s', true, null",
    "select 3000000000, -7, 1.50",
    "select current_user, session_user, current_database(), current_schema()",
    "select '7'::bigint, cast('t' as boolean), 'x'::text as letter",
    "select pg_is_in_recovery()",
    "show server_encoding",
    "show standard_conforming_strings",
    "set application_name = 'trial'",
    "show application_name",
    "select current_setting('application_name')",
    "reset application_name",
    "show transaction_isolation",
    "set statement_timeout = 5000",
    "show statement_timeout",
    "show colour",
    "select nothing()",
    "select nothing",
    "selec 1",
    "select 'open'::integer",
    "begin",
    "set application_name = 'inside'",
    "select nothing()",
    "select 1",
    "rollback",
    "show application_name",
    "create role another",
    "alter role server_admin password 'mine now'",
    "drop role server_admin",
    "alter role payments_app nologin",
]
ADMINISTRATOR = [
    "create role reporting",
    "create role reporting",
    'create role "Odd Name" login password \'odd\'',
    "grant connect on database payments to reporting",
    "grant usage on schema public to reporting, payments_app",
    "grant select, insert, update, delete on all tables in schema public to reporting",
    "grant all privileges on database payments to payments_app",
    "grant connect on database nowhere to reporting",
    "grant usage on schema nowhere to reporting",
    "grant select on nothing to reporting",
    "grant connect on database payments to nobody",
    "grant reporting to payments_app",
    "grant reporting to nobody",
    "revoke reporting from payments_app",
    "revoke usage on schema public from reporting",
    "alter role reporting login",
    "alter role nobody login",
    "begin",
    "create role inside login",
    "alter role inside password 'in a transaction'",
    "rollback",
    "alter role inside password 'gone'",
    "begin",
    "create user inside password 'in a transaction'",
    "commit",
    "drop role inside, reporting",
    "drop role inside",
    "drop role inside",
    "drop role if exists inside",
    'drop user "Odd Name"',
    "drop role server_admin",
    "select pg_terminate_backend(2147483647)",
    "select count(*) from pg_stat_activity where usename = 'nobody'",
    "select usename, datname, state, backend_type from pg_stat_activity where pid = pg_backend_pid()",
    "revoke all privileges on database payments, postgres from reporting",
    "drop role reporting",
    "drop role if exists reporting",
]
ROTATION = "correct horse battery staple"


def compare(differences, here, there):
    for (statement, found), (_, wanted) in zip(here, there):
        if found != wanted:
            differences.append(f"{statement}\n  simulated: {found}\n  real:      {wanted}")


simulation, passwords = simulated()
reality = real(passwords)
both = [simulation, reality]
differences = []

compare(differences, *(server.run("payments_app", passwords["payments_app"], APPLICATION) for server in both))
compare(differences, *(server.run("server_admin", passwords["server_admin"], ADMINISTRATOR) for server in both))
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
