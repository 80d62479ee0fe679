-- Roads within :radius metres of a place, by name, nearest first; with a flood, the deepest class that each meets there.
WITH here AS MATERIALIZED (
    SELECT on_plane(ST_SetSRID(ST_MakePoint(:lon, :lat), 4490), :lon) AS plane
),
near AS MATERIALIZED (
    SELECT coalesce(r.name, r.ref) AS said, r.highway, r.geom, ST_Distance(h.plane, on_plane(r.geom, :lon)) AS distance_m
    FROM road AS r, here AS h
    WHERE r.geom && ST_MakeEnvelope(:west, :south, :east, :north, 4490) AND coalesce(r.name, r.ref) IS NOT NULL
)
SELECT n.said AS name, (array_agg(n.highway ORDER BY n.distance_m))[1] AS highway, min(n.distance_m) AS distance_m,
    max(w.ordinal) AS ordinal
FROM near AS n
LEFT JOIN LATERAL (
    SELECT max(p.ordinal) AS ordinal FROM rescue_flood_piece AS p
    WHERE p.flood_id = CAST(:flood AS bigint) AND p.geom && n.geom AND ST_Intersects(p.geom, n.geom)
) AS w ON true
WHERE n.distance_m <= :radius
GROUP BY n.said
ORDER BY min(n.distance_m), n.said
LIMIT :most
