-- Environments that Keystead has let go of while Azure keeps what stands of them.

alter table environment add column released_at bigint; -- null while Keystead answers for it
