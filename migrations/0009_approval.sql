-- Approval in levels: the rule that was frozen with a request, how far it has come, and everything that was said.
-- An older server reads none of it: a request without a rule is approved by one manager, as it was.

alter table request add column rule text; -- JSON of domain::approval::Rule; null: one manager
alter table request add column level bigint not null default 0; -- that is asked now
alter table request add column round bigint not null default 0; -- rises when approvals lapse

create index request_by_decision on request (decided_at, id) where decided_at is not null;

-- What was said of a request and what happened to it, in order.
create table record (
    id text not null primary key,
    request text not null references request (id),
    at bigint not null,
    word text not null,
    account text references account (id), -- null where nobody did it
    name text,
    way text, -- browser, token
    on_behalf text, -- account name of who had handed over
    level bigint not null,
    round bigint not null,
    digest text not null,
    said text not null
);
create index record_by_request on record (request, id);
-- Whatever races, nobody approves twice in one round.
create unique index record_once on record (request, round, account) where word = 'approved';

-- Approvals that somebody has handed over to another, until a time.
create table handover (
    id text not null primary key,
    from_name text not null,
    to_name text not null,
    begun_at bigint not null,
    until_at bigint not null,
    ended_at bigint -- taken back, or found to be over
);
create unique index handover_open on handover (from_name) where ended_at is null;
create index handover_by_taker on handover (to_name) where ended_at is null;
