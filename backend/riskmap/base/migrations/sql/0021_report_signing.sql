-- Who may sign need not write the register: which act is whose on a set is the service's to say, as with cases of
-- admission; a set is still added by writers only, and changed by those alone who see as much as it shows.
-- Runs as riskmap_owner inside one transaction.
DROP POLICY app_change ON report_set;
CREATE POLICY app_change ON report_set FOR UPDATE TO riskmap_app
    USING (rights_cover(tier, areas, departments, classes))
    WITH CHECK (rights_cover(tier, areas, departments, classes));
