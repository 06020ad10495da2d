-- What an environment costs a month, and whose turn it is to reserve of a team's quota.

alter table request add column cost text; -- JSON of domain::cost::Costing, by the prices of when it was sent; null without
alter table environment add column estimate text; -- JSON of domain::cost::Estimate, of what was approved last
alter table environment add column monthly bigint; -- its sum in millionths
alter table environment add column currency text; -- EUR

-- Sums by team read this index alone.
create index environment_costed on environment (rank, team, currency, monthly);

-- A row is written by whoever reserves of the team's quota, and keeps others from doing so until the commit.
create table quota_turn (
    team text not null primary key,
    taken_at bigint not null
);
