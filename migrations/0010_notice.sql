-- What people are told: events, written in the transaction of their effect, and each telling of one to somebody.
-- An older server writes and reads none of it: what happens at it is told to nobody.

alter table account add column email text; -- as the directory said at the last sign-in; null: it said none

-- Something that happened and that people are told of.
create table notice (
    id text not null primary key,
    event_key text not null, -- what makes it one event: the same one is kept once
    kind text not null, -- request.waits
    at bigint not null,
    about text not null, -- request, job, environment, approvals
    subject text not null, -- its id, or the environment's name
    team text,
    body text not null, -- JSON of domain::notice::Notice
    told_at bigint -- null: nobody was told yet
);
create unique index notice_once on notice (event_key);
create index notice_untold on notice (id) where told_at is null;
create index notice_by_subject on notice (subject, kind, at);
create index notice_by_age on notice (at);

-- One notice for one recipient on one channel.
create table telling (
    id text not null primary key, -- rises with time; a repeat bears the same one
    notice text not null references notice (id),
    channel text not null, -- list, mail, webhook
    recipient text not null, -- account name, or the webhook's name
    address text not null, -- of mail; otherwise empty
    at bigint not null,
    state text not null, -- kept (of the list), waiting, sent, given-up
    since bigint not null, -- for a day from then it is tried
    tries bigint not null,
    due_at bigint, -- null: nothing to do
    ended_at bigint,
    why text -- what stood in the way last
);
create unique index telling_once on telling (notice, recipient, channel);
create index telling_by_recipient on telling (recipient, channel, id);
create index telling_by_due on telling (due_at) where due_at is not null;
create index telling_by_state on telling (state, id);

-- What somebody does not want mailed; without a row everything is.
create table notice_unwanted (
    account text not null references account (id),
    kind text not null,
    primary key (account, kind)
);
