-- Environments that become others, or nothing: what they were before, what differs of them, and what Azure keeps of them.

alter table request add column former text; -- JSON; the wish that this one replaces
alter table request add column purge bigint not null default 0; -- of a removal: what Azure would keep is purged
alter table job add column former text; -- JSON; the wish under which stands what this job changes

-- An environment waits for one decision at a time.
create unique index request_waiting on request (environment) where state = 'waiting';
create index request_by_job on request (job, id);

-- Being destroyed sorts after rolling back.
update environment set rank = rank + 1 where rank >= 3;

-- What Azure keeps of something that was removed.
create table kept (
    id text not null primary key,
    environment text not null references environment (id),
    job text not null references job (id),
    kind text not null, -- Key Vault
    name text not null,
    holds_name bigint not null,
    since bigint not null,
    until_at bigint not null
);
create index kept_by_name on kept (kind, name, until_at);
create index kept_by_environment on kept (environment);

-- The newest look at what stands, held against what was approved.
create table drift (
    environment text not null primary key references environment (id),
    looked_at bigint not null,
    body text not null -- JSON of domain::view::environment::Drifted, a list
);
