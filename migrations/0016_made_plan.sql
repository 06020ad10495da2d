-- Plans that were made and are not sent yet, each for its account alone; a vault's name in a column of its own, so that
-- whether it is held is asked of an index; and an index for each order that lists are offered in. An older server keeps no
-- plans, and leaves the vault's name null: then it is looked for among the words of `search`, as before.

create table made_plan (
    id text not null primary key,
    account text not null references account (id),
    digest text not null,
    body text not null, -- JSON of store::made_plan::Body
    made_at bigint not null,
    expires_at bigint not null,
    request text references request (id) -- what it was sent as; null: not yet
);
create index made_plan_by_expiry on made_plan (expires_at);

alter table environment add column vault text; -- lower case
-- What follows the last colon of the words, which is the vault's: no other word of ours has one behind it.
update environment set vault = trim(substr(search, length(rtrim(search, replace(search, ':', ''))) + 1))
    where search like '% vault:%';
create index environment_by_vault on environment (vault) where held = 1;
create index environment_without_vault on environment (id) where held = 1 and vault is null;

create index environment_by_team_name on environment (team, name, id);
create index environment_by_team_id on environment (team, id);
create index environment_by_owner_name on environment (owner, name, id);
create index environment_by_owner_id on environment (owner, id);
create index request_by_kind on request (kind, id);
