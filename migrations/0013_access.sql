-- Who has left, and what the directory says of accounts. An older server reads none of it.

alter table account add column left_at bigint; -- null: is here
alter table account add column left_by text; -- account name of who said so
alter table account add column directory text; -- enabled, disabled, gone; null: never asked
alter table account add column directory_at bigint; -- when it was asked last

create index session_by_account on session (account);
create index token_by_account on token (account);
create index request_waiting_of on request (requester) where state = 'waiting';

-- The newest look at the directory.
create table directory_look (
    id text not null primary key, -- one row: accounts
    at bigint not null,
    refused text -- why the directory did not say; null: it did
);
