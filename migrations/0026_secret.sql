-- Who sets a secret has it for a while, so that of many at once one does.
--
-- An older server sets none by hand and never looks here.

create table secret_claim (
    environment text not null references environment (id) on delete cascade,
    secret text not null, -- its name in the vault
    until_at bigint not null, -- milliseconds; one that was left behind is anybody's from then on
    primary key (environment, secret)
);
