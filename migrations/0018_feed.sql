-- The feed: one row for each change that programs follow, written in the transaction of the change, placed after it.
-- An older server writes none of it: what changes at it is not told.

alter table environment add column state_before text; -- what `state` was when it was last written: whether that changed it

create table feed (
    id text not null primary key,
    stamp bigint not null, -- milliseconds, and more than every earlier event of the environment has, whatever clocks say
    place bigint, -- in the order of the feed; null: none yet
    at bigint not null,
    kind text not null, -- job.changed
    team text not null,
    environment text not null, -- its id
    environment_name text not null,
    subject text not null, -- id of the request, environment or job
    body text not null -- JSON of domain::feed::Detail
);
create unique index feed_by_place on feed (place);
create index feed_unplaced on feed (stamp, id) where place is null;
create index feed_by_stamp on feed (environment, stamp);
create index feed_by_team on feed (team, place);
create index feed_by_environment on feed (environment_name, place);
create index feed_by_age on feed (at);

-- The last place that was given; whoever gives places holds this row.
create table feed_end (
    id bigint not null primary key,
    place bigint not null
);
insert into feed_end (id, place) values (1, 0);
