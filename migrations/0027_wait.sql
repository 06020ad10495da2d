-- Which job is due next is the first of an index that those in hand do not stand in.
--
-- An older server finds the same in it.

create index job_by_wait on job (due_at) where due_at is not null and lease_until = 0;
drop index job_by_due;
