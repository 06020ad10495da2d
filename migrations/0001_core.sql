-- Everything that Keystead keeps, for SQLite and PostgreSQL alike.
-- The plain columns rule: ids, names and enums are text; whole numbers and times (milliseconds since 1970, always handed
-- in) are bigint; documents are JSON text; yes and no are 1 and 0. Sort keys and cursors are ids (UUID version 7, so they
-- rise with time), times and lower-case ASCII.

-- Somebody who has signed in, with what the directory said at the last sign-in.
create table account (
    id text not null primary key, -- TENANT/OBJECT
    name text not null, -- member@contoso.example
    roles text not null, -- JSON: ["member"]
    teams text not null, -- JSON: ["payments"]
    seen_at bigint not null
);
create index account_by_name on account (name);

-- A browser's session; the cookie holds the id, this table its hash.
create table session (
    id text not null primary key,
    account text references account (id), -- null until the sign-in came back
    body text not null, -- JSON
    created_at bigint not null,
    used_at bigint not null, -- written at most once a minute
    expires_at bigint not null
);
create index session_by_expiry on session (expires_at);

-- A token for programs; its text is shown once, this is its hash.
create table token (
    hash text not null primary key,
    account text not null references account (id),
    created_at bigint not null,
    expires_at bigint not null,
    used_at bigint
);

-- A form that is still being filled: every answer but the password.
create table draft (
    id text not null primary key,
    account text not null references account (id),
    form text not null, -- JSON
    errors text not null, -- JSON
    tried bigint not null,
    saved_at bigint not null
);
create index draft_by_account on draft (account, saved_at);

-- An environment from the request on; state, rank, detail, arch and address are copies written by store::standing.
create table environment (
    id text not null primary key,
    name text not null,
    held bigint not null, -- 1 while nobody else may take the name
    team text not null,
    region text not null,
    owner text not null references account (id),
    owner_name text not null,
    wish text not null, -- JSON
    state text not null,
    rank bigint not null, -- what needs a person first
    detail text not null,
    arch text not null, -- JSON: five stones
    address text, -- of the web app
    search text not null, -- lower case: names of environment, owner and resources
    lifetime_days bigint not null,
    approved_at bigint,
    created_at bigint not null,
    updated_at bigint not null
);
create unique index environment_held_name on environment (name) where held = 1;
create index environment_by_name on environment (name, id);
create index environment_by_rank on environment (rank, name, id);
create index environment_by_team on environment (team, rank, name, id);
create index environment_by_owner on environment (owner, rank, name, id);

-- What was asked for, the plan frozen with it, and the answer.
create table request (
    id text not null primary key,
    kind text not null, -- create, rename
    environment text not null references environment (id),
    environment_name text not null,
    team text not null,
    requester text not null references account (id),
    requester_name text not null,
    wish text not null, -- JSON
    plan text not null, -- JSON
    digest text not null,
    state text not null,
    sent_at bigint not null,
    lapses_at bigint not null,
    decided_by text references account (id),
    decided_by_name text,
    decided_at bigint,
    decided_way text, -- browser, token
    comment text,
    job text -- what the approval began, or for a rename, the job that waits for it
);
create index request_by_state on request (state, id);
create index request_by_team on request (team, id);
create index request_by_requester on request (requester, id);
create index request_by_environment on request (environment, id);

-- An approved plan on its way; from `state` to `ended_at` copies of the fold, then the lease.
create table job (
    id text not null primary key,
    environment text not null references environment (id),
    environment_name text not null,
    team text not null,
    request text not null references request (id), -- the first one; its sealed password serves this job
    title text not null, -- Create checkout-loadtest
    recipe text not null, -- provision
    wish text not null, -- JSON; what runs now, a rename replaces it
    outline text not null, -- JSON: the steps with needs, titles and resources
    asked_by text not null, -- account names
    approved_by text not null,
    approved_at bigint not null,
    created_at bigint not null,
    state text not null,
    at_work text not null, -- JSON: titles of the steps at work
    steps_done bigint not null,
    steps_all bigint not null,
    position bigint not null, -- of the last event
    due_at bigint, -- when there is something to do; null: not before a person's word
    started_at bigint,
    ended_at bigint,
    updated_at bigint not null,
    epoch bigint not null, -- counts claims: the fence against an earlier worker
    worker text,
    lease_until bigint not null -- 0: free
);
create index job_by_due on job (due_at) where due_at is not null;
create index job_by_team on job (team, id);
create index job_by_environment on job (environment, id);
create index job_by_state on job (state, id);

-- The log of a job: few, decided on; the position orders and has no gaps.
create table event (
    job text not null references job (id),
    position bigint not null,
    at bigint not null,
    body text not null, -- JSON of domain::job::Event
    primary key (job, position)
);

-- The lines of a job: many, read by people.
create table line (
    job text not null references job (id),
    number bigint not null,
    at bigint not null,
    step text not null, -- key, or empty for the job's own
    tone text not null,
    text text not null,
    primary key (job, number)
);

-- How long each step of finished jobs took, for the expectation of later ones; step '' is the whole job.
create table took (
    job text not null references job (id),
    step text not null,
    took_ms bigint not null,
    primary key (job, step)
);
create index took_by_step on took (step, job);

-- A database password between submit and vault, encrypted; the request's id is part of what is authenticated.
create table sealed (
    request text not null primary key references request (id),
    key_id text not null,
    body text not null, -- base64 of nonce and ciphertext
    sealed_at bigint not null
);

-- Whatever happens by itself, claimed with the same lease as a job.
create table timer (
    kind text not null,
    subject text not null,
    due_at bigint not null,
    tries bigint not null, -- failed rings in a row
    epoch bigint not null,
    worker text,
    lease_until bigint not null,
    primary key (kind, subject)
);
create index timer_by_due on timer (due_at);

-- One run of the checks.
create table validation (
    id text not null primary key,
    environment text not null references environment (id),
    by_whom text not null, -- account name, or what asked by itself
    started_at bigint not null,
    ended_at bigint, -- null: still running
    again_at bigint, -- when those that could not tell are asked again
    round bigint not null -- how often they were asked again
);
create index validation_by_environment on validation (environment, id);

create table check_result (
    validation text not null references validation (id),
    position bigint not null, -- order on the page
    name text not null, -- node-identities
    verdict text not null,
    body text not null, -- JSON of domain::check::Result
    took_ms bigint not null,
    primary key (validation, position)
);
