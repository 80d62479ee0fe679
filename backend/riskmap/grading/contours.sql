-- Risk contours round a place, which is given as GeoJSON: those within :reach metres of it, and with them all that lie
-- in the same extent, since a plant's higher contours lie inside its lower ones and may be further away.
-- Metres as in exposure.sql: on a transverse Mercator whose meridian goes through the middle of the place.
WITH place AS MATERIALIZED (
    SELECT g, 120 - (ST_XMin(g) + ST_XMax(g)) / 2 AS turn
    FROM (SELECT ST_SetSRID(ST_GeomFromGeoJSON(:shape), 4490) AS g) AS s
),
here AS MATERIALIZED (
    SELECT
        g, turn, ST_Transform(ST_Translate(ST_Segmentize(g, 0.0045), turn, 0), 4549) AS plane,
        ST_Expand(
            g, :reach / (110500 * cos(radians(abs(ST_YMax(g)) + 0.1))) + 1e-7, :reach / 110500.0 + 1e-7
        ) AS box
    FROM place
),
near AS MATERIALIZED (
    SELECT o.id, o.geom
    FROM risk_object AS o, here AS h
    WHERE o.geom && h.box AND o.class = :class AND o.attributes ->> 'level' IS NOT NULL AND o.stage = ANY(CAST(:live AS text[]))
        AND o.ended_reason IS NULL AND o.valid_from <= :today AND (o.valid_to IS NULL OR o.valid_to > :today)
        AND ST_Distance(ST_Transform(ST_Translate(ST_Segmentize(o.geom, 0.0045), h.turn, 0), 4549), h.plane) <= :reach
),
span AS MATERIALIZED (
    SELECT ST_SetSRID(ST_Extent(geom)::geometry, 4490) AS box FROM near
)
SELECT
    o.id, o.enterprise, o.attributes ->> 'level' AS level, o.attributes ->> 'plant_status' AS status,
    o.attributes ->> 'source' AS source, o.attributes ->> 'date' AS dated, ST_AsBinary(o.geom) AS shape,
    ST_Intersects(o.geom, h.g) AS holds, EXISTS (SELECT FROM near AS n WHERE n.id = o.id) AS near
FROM risk_object AS o, here AS h, span AS s
WHERE o.geom && s.box AND o.class = :class AND o.attributes ->> 'level' IS NOT NULL AND o.stage = ANY(CAST(:live AS text[]))
    AND o.ended_reason IS NULL AND o.valid_from <= :today AND (o.valid_to IS NULL OR o.valid_to > :today)
ORDER BY o.id
