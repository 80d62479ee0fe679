-- What lies downstream of a tailings pond: with a path, along it (metres from its beginning to the point that is
-- nearest to the object's outline) and how far beside it; without one, straight from the pond's outline.
-- Metres as in exposure.sql: on a transverse Mercator whose meridian goes through the middle of the way.
WITH way AS MATERIALIZED (
    SELECT g, 120 - (ST_XMin(g) + ST_XMax(g)) / 2 AS turn
    FROM (SELECT ST_SetSRID(ST_GeomFromGeoJSON(:shape), 4490) AS g) AS s
),
line AS MATERIALIZED (
    SELECT
        g, turn, ST_Transform(ST_Translate(ST_Segmentize(g, 0.0045), turn, 0), 4549) AS plane,
        ST_Expand(
            g, :reach / (110500 * cos(radians(abs(ST_YMax(g)) + 0.1))) + 1e-7, :reach / 110500.0 + 1e-7
        ) AS box
    FROM way
),
near AS MATERIALIZED (
    SELECT
        o.id, o.name, l.plane,
        ST_Transform(ST_Translate(ST_Segmentize(o.geom, 0.0045), l.turn, 0), 4549) AS other
    FROM risk_object AS o, line AS l
    WHERE o.geom && l.box AND o.class = ANY(CAST(:classes AS text[])) AND o.stage = ANY(CAST(:live AS text[]))
        AND o.ended_reason IS NULL AND o.valid_from <= :today AND (o.valid_to IS NULL OR o.valid_to > :today)
),
measured AS (
    SELECT
        id, name, ST_Distance(plane, other) AS off,
        CASE
            WHEN ST_Dimension(plane) = 1
                THEN ST_LineLocatePoint(plane, ST_ClosestPoint(plane, other)) * ST_Length(plane)
            ELSE ST_Distance(plane, other)
        END AS along
    FROM near
)
SELECT id, name, along, off FROM measured
WHERE along <= :reach AND (off <= :beside OR NOT :by_path)
ORDER BY along, id
