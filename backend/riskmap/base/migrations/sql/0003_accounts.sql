-- Accounts: passwords that grow old, sessions and tokens that are seen; the trail's chain.
-- Runs as riskmap_owner inside one transaction.

-- 1. Passwords ---------------------------------------------------------------------
-- What stands here already counts from today, so that an upgrade locks nobody out.

ALTER TABLE account
    ADD COLUMN password_set_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN must_change boolean NOT NULL DEFAULT false,  -- set by an administrator: for the first sign-in only
    ADD COLUMN old_hashes text[] NOT NULL DEFAULT '{}',     -- before the present one, newest first
    ADD COLUMN signed_in_at timestamptz;

-- 2. Sessions and tokens --------------------------------------------------------------

ALTER TABLE account_session
    ADD COLUMN session_id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    ADD COLUMN address text NOT NULL DEFAULT '',  -- where it was last seen from
    ADD COLUMN agent text NOT NULL DEFAULT '';    -- what the browser called itself
CREATE INDEX account_session_account ON account_session (account_id);
ALTER TABLE account_token ADD COLUMN used_at timestamptz;
CREATE INDEX account_token_account ON account_token (account_id);

-- 3. The trail's chain ------------------------------------------------------------------
-- Each entry has one link: its number without gaps, and a hash over the link before it and its own text.
-- Links are made when a transaction commits, so that the lock on the head is held for a commit and not for
-- an import; the order of the chain is the order of commits. See docs/decisions, audit-chain.

CREATE TABLE audit_link (
    n bigint PRIMARY KEY CHECK (n > 0),
    entry_id bigint NOT NULL UNIQUE,  -- no foreign key: the link of an entry that was taken away has to stay
    previous bytea NOT NULL CHECK (length(previous) = 32),
    hash bytea NOT NULL CHECK (length(hash) = 32)
);
CREATE TABLE audit_head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    n bigint NOT NULL,
    hash bytea NOT NULL
);
COMMENT ON TABLE audit_head IS 'How many links there are, and the hash of the last: only so is a missing end seen.';
INSERT INTO audit_head (n, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

-- An entry as it is hashed: the same text in every time zone, and after dump and restore.
CREATE FUNCTION audit_text(e audit_entry) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_array(
        e.entry_id, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), e.actor, e.address,
        e.action, e.kind, e.ref, e.state, e.result, e.before, e.after
    )::text
$$;
CREATE FUNCTION audit_hash(n bigint, previous bytea, e audit_entry) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(previous || convert_to(n::text || audit_text(e), 'UTF8'))
$$;

-- Entries from before there was a chain, in the order of their numbers.
DO $$
DECLARE
    e audit_entry;
    last_n bigint := 0;
    last bytea := decode(repeat('00', 32), 'hex');
    made bytea;
BEGIN
    FOR e IN SELECT * FROM audit_entry ORDER BY entry_id LOOP
        made := audit_hash(last_n + 1, last, e);
        INSERT INTO audit_link (n, entry_id, previous, hash) VALUES (last_n + 1, e.entry_id, last, made);
        last_n := last_n + 1;
        last := made;
    END LOOP;
    UPDATE audit_head SET n = last_n, hash = last;
END
$$;

CREATE FUNCTION audit_entry_is_linked() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    head audit_head;
    made bytea;
BEGIN
    -- The last lock that a transaction takes: who holds it waits for nobody.
    SELECT * INTO STRICT head FROM audit_head WHERE one FOR UPDATE;
    made := audit_hash(head.n + 1, head.hash, NEW);
    INSERT INTO audit_link (n, entry_id, previous, hash) VALUES (head.n + 1, NEW.entry_id, head.hash, made);
    UPDATE audit_head SET n = head.n + 1, hash = made WHERE one;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER audit_entry_is_linked AFTER INSERT ON audit_entry
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_entry_is_linked();
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_link
FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_is_append_only BEFORE DELETE OR TRUNCATE ON audit_head
FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
CREATE OR REPLACE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END
$$;

CREATE INDEX audit_entry_actor ON audit_entry (actor, entry_id);

-- 4. What riskmap_app may do: read the chain; the trigger writes it as the owner ---------

REVOKE ALL ON FUNCTION audit_entry_is_linked() FROM PUBLIC;
GRANT SELECT ON audit_link, audit_head TO riskmap_app;
