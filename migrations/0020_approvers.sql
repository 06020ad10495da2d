-- Who is in the groups of the directory that approve something. An older server reads none of it, and leaves what stands.

alter table account add column approver_groups text; -- JSON: object ids, as the last sign-in said; null: none

-- Who is in such a group as the directory itself says, for those who have not signed in yet.
create table approver_member (
    group_id text not null, -- object id, in small letters
    name text not null, -- account name
    seen_at bigint not null, -- the look that found them
    primary key (group_id, name)
);

-- Who hands approvals over takes the turn first, so that no two hand over to each other at the same moment.
create table handover_turn (
    id text not null primary key, -- one row: handovers
    taken_at bigint not null
);
