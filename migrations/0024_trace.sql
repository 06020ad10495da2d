-- The trace that a request came in with, so that the job which it leads to tells Azure the same one.

alter table request add column trace text; -- W3C traceparent; null: none, or of an older server
alter table job add column trace text;
