-- Selections that an account keeps by name, for itself or for the whole bureau.

CREATE TABLE named_selection (
    named_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES account ON DELETE CASCADE,
    title text NOT NULL CHECK (title <> ''),
    link text NOT NULL,                     -- as the page's address carries it
    shared boolean NOT NULL DEFAULT false,  -- every account may open it; its maker alone changes it
    changed_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (account_id, title)
);

-- Whose transaction this is; null for the public and for programs.
CREATE FUNCTION rights_account() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT nullif(current_setting('riskmap.account', true), '')::bigint
$$;
ALTER TABLE named_selection ENABLE ROW LEVEL SECURITY;
ALTER TABLE named_selection FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON named_selection TO riskmap_owner USING (true) WITH CHECK (true);
CREATE POLICY app_read ON named_selection FOR SELECT TO riskmap_app
    USING (account_id = (SELECT rights_account()) OR (shared AND (SELECT rights_account()) IS NOT NULL));
CREATE POLICY app_insert ON named_selection FOR INSERT TO riskmap_app WITH CHECK (account_id = (SELECT rights_account()));
CREATE POLICY app_update ON named_selection FOR UPDATE TO riskmap_app
    USING (account_id = (SELECT rights_account())) WITH CHECK (account_id = (SELECT rights_account()));
CREATE POLICY app_delete ON named_selection FOR DELETE TO riskmap_app USING (account_id = (SELECT rights_account()));
GRANT SELECT, INSERT, UPDATE, DELETE ON named_selection TO riskmap_app;
GRANT EXECUTE ON FUNCTION rights_account() TO riskmap_app;

-- Who has not signed in may draw an area too. Such rows are let go after a while: links carry the area itself.
GRANT UPDATE, DELETE ON saved_selection TO riskmap_app;
CREATE INDEX saved_selection_public ON saved_selection (made_at) WHERE made_by = 'public';
