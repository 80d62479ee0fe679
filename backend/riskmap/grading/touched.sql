-- Units (objects of :units, whose rule counts residents by the map) that the changes of state :n may touch: a home
-- (class of :homes) that was or is within :reach metres of the plant's boundary, or the enterprise whose boundary
-- serves. With :since, what a passing day began or ended counts as changed too. `causes`: what changed there, the most
-- persons first.
WITH changed AS MATERIALIZED (
    SELECT
        o.id, o.class, o.geom, o.attributes,
        o.ended_reason IS NULL AND o.stage = ANY(CAST(:live AS text[])) AND o.valid_from <= :today
            AND (o.valid_to IS NULL OR o.valid_to > :today) AS live
    FROM risk_object AS o
    WHERE (o.class = ANY(CAST(:homes AS text[])) OR o.class = 'enterprise') AND (
        o.state = :n
        OR (o.valid_from > CAST(:since AS date) AND o.valid_from <= :today)
        OR (o.valid_to > CAST(:since AS date) AND o.valid_to <= :today)
    )
),
before AS MATERIALIZED (
    SELECT DISTINCT ON (v.id) v.id, v.geom, v.attributes, v.stage = ANY(CAST(:live AS text[])) AS live
    FROM changed AS c JOIN object_version AS v ON v.id = c.id
    WHERE upper(v.known) = :n
        OR (upper_inf(v.known) AND upper(v.valid) > CAST(:since AS date) AND upper(v.valid) <= :today)
    ORDER BY v.id, lower(v.valid) DESC
),
counted AS (
    SELECT
        c.id, c.class, c.geom, c.live, c.attributes, b.id IS NULL AS is_new, b.geom AS geom_before,
        coalesce(b.live, false) AS live_before, b.attributes AS attributes_before,
        (SELECT sum((c.attributes ->> f)::bigint) FROM unnest(CAST(:residents AS text[])) AS f) AS persons,
        (SELECT sum((b.attributes ->> f)::bigint) FROM unnest(CAST(:residents AS text[])) AS f) AS persons_before
    FROM changed AS c LEFT JOIN before AS b ON b.id = c.id
),
homes AS MATERIALIZED (
    SELECT
        id, geom, geom_before, greatest(persons, persons_before, 0) AS most,
        persons_before AS was, persons AS now,
        CASE
            WHEN is_new THEN 'added'
            WHEN live_before AND NOT live THEN 'ended'
            WHEN live AND NOT live_before THEN 'resumed'
            WHEN persons IS DISTINCT FROM persons_before THEN 'persons'
            ELSE 'moved'
        END AS change
    FROM counted
    WHERE class <> 'enterprise' AND (live OR live_before) AND (
        is_new OR live IS DISTINCT FROM live_before OR persons IS DISTINCT FROM persons_before
        OR NOT coalesce(ST_OrderingEquals(geom, geom_before), geom IS NULL AND geom_before IS NULL)
    )
),
firms AS MATERIALIZED (
    SELECT id, 'boundary' AS change FROM counted
    WHERE class = 'enterprise' AND (
        attributes -> 'plant_boundary' IS DISTINCT FROM attributes_before -> 'plant_boundary'
        OR NOT coalesce(ST_OrderingEquals(geom, geom_before), geom IS NULL AND geom_before IS NULL)
    )
),
near_by AS MATERIALIZED (
    SELECT ST_Expand(ST_Extent(coalesce(ST_Collect(geom, geom_before), geom, geom_before))::geometry, 0.3) AS box
    FROM homes
),
units AS MATERIALIZED (
    SELECT
        u.id, u.class, u.attributes, u.enterprise, u.grading,
        ST_SetSRID(ST_GeomFromGeoJSON(coalesce(
            u.attributes ->> 'plant_boundary', e.attributes ->> 'plant_boundary',
            CASE WHEN ST_Dimension(e.geom) = 2 THEN ST_AsGeoJSON(e.geom, 15, 0) END
        )), 4490) AS g
    FROM risk_object AS u LEFT JOIN risk_object AS e ON e.id = u.enterprise
    WHERE u.class = ANY(CAST(:units AS text[])) AND u.stage = ANY(CAST(:live AS text[])) AND u.ended_reason IS NULL
        AND NOT u.attributes ? 'exposed_persons'
        AND (
            u.enterprise IN (SELECT id FROM firms)
            OR EXISTS (
                -- A plant is not larger than the box: what lies far from every change is not even read.
                SELECT FROM near_by AS n WHERE n.box IS NOT NULL AND (u.geom IS NULL OR u.geom && ST_SetSRID(n.box, 4490))
            )
        )
),
plants AS MATERIALIZED (
    SELECT
        id, 120 - (ST_XMin(g) + ST_XMax(g)) / 2 AS turn,
        ST_Transform(ST_Translate(ST_Segmentize(g, 0.0045), 120 - (ST_XMin(g) + ST_XMax(g)) / 2, 0), 4549) AS plane,
        ST_Expand(g, :reach / (111000 * cos(radians(ST_YMax(g)))), :reach / 110000.0) AS box
    FROM units WHERE g IS NOT NULL
),
hits AS (
    SELECT p.id, h.id AS object, h.change, h.was, h.now, h.most
    FROM plants AS p JOIN homes AS h ON h.geom && p.box OR h.geom_before && p.box
    WHERE (h.geom && p.box AND ST_DWithin(
            ST_Transform(ST_Translate(ST_Segmentize(h.geom, 0.0045), p.turn, 0), 4549), p.plane, :reach))
        OR (h.geom_before && p.box AND ST_DWithin(
            ST_Transform(ST_Translate(ST_Segmentize(h.geom_before, 0.0045), p.turn, 0), 4549), p.plane, :reach))
    UNION ALL
    SELECT u.id, f.id, f.change, NULL, NULL, 0
    FROM units AS u JOIN firms AS f ON f.id = u.enterprise WHERE NOT u.attributes ? 'plant_boundary'
),
causes AS (
    SELECT
        id, jsonb_agg(
            jsonb_build_object('object', object, 'kind', change, 'was', was, 'now', now, 'most', most)
            ORDER BY most DESC, object
        ) AS causes
    FROM hits GROUP BY id
)
SELECT
    u.id, u.class AS class_, u.attributes, u.enterprise, u.grading, c.causes
FROM causes AS c JOIN units AS u ON u.id = c.id
ORDER BY u.id
