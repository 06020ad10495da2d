-- Tokens that the command line gets for whoever signs in at the identity provider.
--
-- An older server leaves the column empty: it gives no such tokens, and finds and revokes these as any other.

alter table token add column made_of text; -- SHA-256 of the provider's token for which it was given; null: of no sign-in

create unique index token_made_of on token (made_of) where made_of is not null;
