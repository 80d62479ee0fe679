-- The known house number of a street that is nearest to one. A long street has more of them than one question may read,
-- so which is near is decided here. As the other functions over the gazetteer: as the owner, for row security
-- would keep it from the index, with the reader's rights applied.
CREATE FUNCTION find_nearest_door(street text, number int, area text) RETURNS TABLE (place_id bigint, apart int)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp SET enable_seqscan = off ROWS 1 AS $$
    SELECT p.place_id, d.apart
    FROM gazetteer_place AS p,
        -- What follows the street, wherever it stands in the name or the address.
        LATERAL (
            SELECT min(abs(substring(rest FROM '^\d+')::int - number)) AS apart
            FROM unnest((string_to_array(p.key, street))[2:]) AS rest
            WHERE rest ~ '^\d{1,5}(\D|$)'
        ) AS d
    WHERE p.kind = 'door' AND text_grams(p.key) @> query_grams(street) AND strpos(p.key, street) > 0
        AND (p.division = '' OR starts_with(p.division, area))
        AND (SELECT rights_tier()) >= p.visibility AND d.apart IS NOT NULL
    ORDER BY d.apart, length(p.key), p.key, p.place_id
    LIMIT 1
$$;
REVOKE ALL ON FUNCTION find_nearest_door(text, int, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_nearest_door(text, int, text) TO riskmap_app;
