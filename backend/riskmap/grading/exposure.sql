-- Objects with people in them within :reach metres of a plant's boundary, which is given as GeoJSON.
-- Outlines are densified to 500 m: a geography edge is a great circle, the stored one is straight in lon/lat.
-- The box goes first and by the operator: ST_DWithin gets no index under row security.
WITH drawn AS MATERIALIZED (
    SELECT ST_SetSRID(ST_GeomFromGeoJSON(:shape), 4490) AS g
),
plant AS MATERIALIZED (
    SELECT
        g,
        ST_Segmentize(g, 0.0045)::geography AS globe,
        ST_MakeEnvelope(
            ST_XMin(g) - :reach / (111000 * cos(radians(ST_YMax(g)))), ST_YMin(g) - :reach / 110000.0,
            ST_XMax(g) + :reach / (111000 * cos(radians(ST_YMax(g)))), ST_YMax(g) + :reach / 110000.0, 4490
        ) AS box
    FROM drawn
),
near AS MATERIALIZED (
    SELECT
        o.id, o.class, o.attributes, o.geom, ST_CoveredBy(o.geom, p.g) AS inside, p.globe,
        CASE
            WHEN ST_Dimension(o.geom) = 0 THEN o.geom::geography
            ELSE ST_Segmentize(o.geom, 0.0045)::geography
        END AS globe_o
    FROM risk_object AS o, plant AS p
    WHERE o.geom && p.box AND o.class = ANY(CAST(:classes AS text[])) AND o.stage = ANY(CAST(:live AS text[]))
        AND o.ended_reason IS NULL AND o.valid_from <= :day AND (o.valid_to IS NULL OR o.valid_to > :day)
),
measured AS (
    SELECT n.*, ST_Distance(n.globe_o, n.globe) AS m FROM near AS n
)
SELECT
    id, m, inside, class = ANY(CAST(:homes AS text[])) AS home,
    (
        SELECT sum((attributes ->> name)::bigint) FROM unnest(CAST(:residents AS text[])) AS name
        WHERE attributes ->> name IS NOT NULL
    )::bigint AS residents,
    coalesce((
        SELECT sum((attributes ->> name)::bigint) FROM unnest(CAST(:present AS text[])) AS name
        WHERE class <> ALL(CAST(:homes AS text[])) AND attributes ->> name IS NOT NULL
    ), 0)::bigint AS present,
    NOT inside AND EXISTS (
        SELECT FROM ST_DumpPoints(globe_o::geometry) AS d WHERE ST_Distance(d.geom::geography, globe) > :reach
    ) AS partly
FROM measured
WHERE m <= :reach
ORDER BY m, id
