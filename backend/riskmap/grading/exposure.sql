-- Objects with people in them within :reach metres of a plant's boundary, which is given as GeoJSON.
-- Metres are those of a transverse Mercator whose meridian goes through the middle of the plant: outlines are turned
-- about the axis of the earth, which changes no distance, to the meridian of EPSG:4549 (120°). ST_Distance of
-- geographies is not asked: it takes the points that are nearest on a sphere, which may be metres off.
-- Outlines are densified to 500 m first: the stored edge is straight in lon/lat.
-- The box goes first and by the operator: ST_DWithin gets no index under row security.
WITH drawn AS MATERIALIZED (
    SELECT ST_SetSRID(ST_GeomFromGeoJSON(:shape), 4490) AS g
),
plant AS MATERIALIZED (
    SELECT
        g,
        120 - (ST_XMin(g) + ST_XMax(g)) / 2 AS turn,
        ST_Transform(ST_Translate(ST_Segmentize(g, 0.0045), 120 - (ST_XMin(g) + ST_XMax(g)) / 2, 0), 4549) AS plane,
        ST_MakeEnvelope(
            ST_XMin(g) - :reach / (111000 * cos(radians(ST_YMax(g)))), ST_YMin(g) - :reach / 110000.0,
            ST_XMax(g) + :reach / (111000 * cos(radians(ST_YMax(g)))), ST_YMax(g) + :reach / 110000.0, 4490
        ) AS box
    FROM drawn
),
near AS MATERIALIZED (
    SELECT
        o.id, o.class, o.attributes, o.geom, ST_CoveredBy(o.geom, p.g) AS inside, p.plane,
        ST_Transform(ST_Translate(ST_Segmentize(o.geom, 0.0045), p.turn, 0), 4549) AS plane_o
    FROM {rows} AS o, plant AS p
    WHERE o.geom && p.box AND o.class = ANY(CAST(:classes AS text[])) AND o.stage = ANY(CAST(:live AS text[]))
        AND {then}
),
measured AS (
    SELECT n.*, ST_Distance(n.plane_o, n.plane) AS m FROM near AS n
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
        SELECT FROM ST_DumpPoints(plane_o) AS d WHERE ST_Distance(d.geom, plane) > :reach
    ) AS partly
FROM measured
WHERE m <= :reach
ORDER BY m, id
