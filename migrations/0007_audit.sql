-- The record of what was done, and the signed chain over it. Nothing here is ever changed or deleted, but that the sealer
-- gives each entry its place in the chain, once.

-- An entry is written in the transaction of what it tells of. No column refers to another table: it outlives them all.
create table audit (
    id text not null primary key,
    at bigint not null,
    act text not null, -- request-approved
    actor text, -- an account's id; null where it was no account's doing
    actor_name text not null,
    way text not null, -- browser, token, command, keystead
    on_behalf_of text, -- account name
    from_address text,
    subject_kind text not null, -- request, job, environment, account, token, resource, installation
    subject text not null,
    subject_name text not null,
    environment text, -- its id, where it is about one
    environment_name text,
    team text,
    digest text, -- of the plan that it rests on
    detail text not null, -- JSON object
    seq bigint, -- place in the chain, from 1 without gaps; null until it is sealed
    leaf text, -- hash of the entry alone
    hash text -- hash over the one before, the place and the leaf
);
create index audit_by_time on audit (at, id);
create index audit_by_team on audit (team, at, id);
create index audit_by_environment on audit (environment_name, at, id);
create index audit_by_act on audit (act, at, id);
create unique index audit_by_seq on audit (seq) where seq is not null;
create index audit_unsealed on audit (at, id) where seq is null;

-- Up to where the chain was signed. Of two sealers that meet, the second finds the number taken.
create table audit_seal (
    number bigint not null primary key, -- from 1 without gaps
    seq bigint not null, -- of the last entry that it covers
    hash text not null, -- of that entry
    count bigint not null, -- entries since the one before
    at bigint not null,
    public_key text not null, -- Ed25519, base64
    signature text not null -- base64
);
create unique index audit_seal_by_seq on audit_seal (seq);
