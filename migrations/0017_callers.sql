-- Tokens with names, scopes, teams and an end, and webhooks that teams subscribe.
--
-- An older server knows nothing of scopes. The hash of a token that has them is made otherwise, so that it finds none of
-- these; and whoever revokes one of its own also ends its lifetime, which it does look at. It tells no webhook of these.

alter table token add column id text; -- null: of an older server; the beginning of its hash then
alter table token add column name text;
alter table token add column scopes text; -- JSON: ["request"]; null: whatever its owner may
alter table token add column teams text; -- JSON: ["payments"]; null: all of its owner's
alter table token add column team text; -- of a service token: whose service it is
alter table token add column made_by text; -- account name
alter table token add column made_with text; -- id of the token with which it was made, and with which it is revoked
alter table token add column revoked_at bigint;
alter table token add column revoked_by text; -- account name

create unique index token_by_id on token (id);
create index token_by_team on token (team, id) where team is not null;
create index token_made_with on token (made_with) where made_with is not null;

-- Where a team's events are told to.
create table webhook (
    id text not null primary key,
    team text not null,
    name text not null,
    url text not null,
    events text not null, -- JSON: ["job.finished"]; empty: all
    enabled bigint not null,
    key_id text not null, -- of the sealing key
    secret text not null, -- sealed; webhook:ID is part of what is authenticated
    former_key_id text, -- the secret before
    former_secret text,
    former_until bigint, -- until then it signs too
    failing_since bigint, -- null: what was sent last arrived
    created_at bigint not null,
    created_by text not null -- account name
);
create index webhook_by_team on webhook (team, id);

-- One event on its way to one webhook.
create table delivery (
    id text not null primary key, -- rises with time; a redelivery bears the same one
    webhook text not null references webhook (id),
    event_key text not null, -- what makes it one: the notice's id, or its own
    event text not null, -- job.finished, ping
    body text not null, -- JSON of domain::notice::Notice; empty for a ping
    at bigint not null,
    state text not null, -- waiting, sent, given-up
    since bigint not null, -- for a day from then it is tried
    tries bigint not null,
    last_status bigint, -- null: there was no answer
    why text, -- what stood in the way last
    due_at bigint, -- null: nothing to do
    ended_at bigint
);
create unique index delivery_once on delivery (webhook, event_key);
create index delivery_by_webhook on delivery (webhook, id);
create index delivery_by_due on delivery (due_at) where due_at is not null;
create index delivery_by_age on delivery (at);
