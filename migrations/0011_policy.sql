-- Policies that are written on the page: every version stays, at most one of each is switched on. An older server reads
-- none of it and judges by its configuration.

create table policy (
    name text not null primary key,
    newest bigint not null, -- version that was written last
    on_version bigint, -- null: off
    switched_by text, -- account name
    switched_at bigint
);

create table policy_version (
    policy text not null references policy (name),
    version bigint not null,
    document text not null, -- JSON of domain::policy::Policy
    written text not null, -- TOML, as it was typed
    author text not null, -- account name
    written_at bigint not null,
    primary key (policy, version)
);

-- A version is tried out against the requests since a day.
create index request_by_sent on request (sent_at);
