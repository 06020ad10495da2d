-- Who could read an environment's secrets: each role assignment as it was seen, from look to look.
-- An older server looks at none of it.

create table access_look (
    environment text not null primary key references environment (id),
    first_at bigint not null, -- what ended before it is not known
    looked_at bigint not null, -- the newest look
    body text not null -- JSON: what could not be found out, as sentences
);

create table holding (
    id text not null primary key,
    environment text not null references environment (id),
    name text not null, -- assignment and principal
    seen_after bigint, -- the look before it was there; null where it was at the first
    seen_at bigint not null,
    gone_after bigint, -- the last look at which it was there; null while it is
    gone_at bigint, -- the look that missed it
    body text not null -- JSON of domain::access::Holding
);
create index holding_by_environment on holding (environment, id);
create unique index holding_open on holding (environment, name) where gone_at is null;
