-- What every server of one database has to agree on: the id of the key that seals secrets.
create table agreed (
    name text not null primary key, -- seal-key
    value text not null
);
