-- Counting environments reads this index alone and not their wide rows.
create index environment_counted on environment (rank, team, owner);
