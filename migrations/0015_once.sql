-- What was asked under an Idempotency-Key: written in the transaction of its effect, with the answer beside it afterwards.
-- An older server writes none of it: a repeat at it is a new question.

create table once (
    id text not null primary key, -- hash of whose key it is, method, path and key
    asked text not null, -- hash of what was asked, under the key
    made text, -- JSON: what the answer can be made again from, where something was noted
    status bigint, -- of the answer; null: the effect is there, the answer is not kept yet
    key_id text, -- of the key that sealed the answer
    answer text, -- sealed: headers and body
    at bigint not null
);
create index once_by_age on once (at);
