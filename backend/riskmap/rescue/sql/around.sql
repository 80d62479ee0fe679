-- Live objects within so many metres of a place, each class as far as it is asked for, nearest first; with a flood,
-- how deep each stands in it. Metres are those of a transverse Mercator through the place, as in objects.sql.
WITH here AS MATERIALIZED (
    SELECT ST_Transform(ST_SetSRID(ST_MakePoint(120, CAST(:lat AS double precision)), 4490), 4549) AS plane
),
near AS MATERIALIZED (
    SELECT r.*, ST_Distance(
        h.plane, ST_Transform(ST_Translate(ST_Segmentize(r.geom, 0.0045), 120 - CAST(:lon AS double precision), 0), 4549)
    ) AS distance_m
    FROM ({rows}) AS r, here AS h
)
SELECT n.*, w.ordinal, c.depth_m, c.depth_to_m, degrees(ST_Azimuth(
        ST_SetSRID(ST_MakePoint(:lon, :lat), 4490)::geography, ST_SetSRID(ST_MakePoint(n.lon, n.lat), 4490)::geography
    )) AS bearing
FROM near AS n
LEFT JOIN LATERAL (
    SELECT max(p.ordinal) AS ordinal FROM rescue_flood_piece AS p
    WHERE p.flood_id = CAST(:flood AS bigint) AND p.geom && n.geom AND ST_Intersects(p.geom, n.geom)
) AS w ON true
LEFT JOIN rescue_flood_class AS c ON c.flood_id = CAST(:flood AS bigint) AND c.ordinal = w.ordinal
WHERE n.distance_m <= n.reach
ORDER BY n.distance_m, n.id
