-- What Azure has billed, by environment and month. An older server reads none of it.

create table actual_cost (
    environment text not null references environment (id),
    month text not null, -- 2026-11
    currency text not null, -- EUR, as Azure bills
    micros bigint not null,
    primary key (environment, month, currency)
);
create index actual_cost_by_month on actual_cost (month, environment, currency, micros);

-- The newest look at what was billed.
create table actual_look (
    id text not null primary key, -- one row: subscription
    tried_at bigint not null,
    read_at bigint, -- when Azure told last; null: never
    told_until text, -- 2026-11-26: the newest day that it told of
    settled text, -- 2026-10: the newest month that was read after its last charges had come
    refused text, -- why it did not tell at the newest try; null: it did
    command text -- what would mend that
);
