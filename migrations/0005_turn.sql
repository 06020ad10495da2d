-- Jobs take turns by team, and keep what a person said to them last.
alter table job add column word text; -- JSON of domain::job::Word
-- Those that wait for a worker, by team; and those in the hands of one.
create index job_by_turn on job (team, due_at, id) where due_at is not null and lease_until = 0;
create index job_in_hand on job (team) where lease_until <> 0;
