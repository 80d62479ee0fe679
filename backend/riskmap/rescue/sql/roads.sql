-- Metres of road in the water, by depth class and by what kind of road, on the ellipsoid. The pieces of the water do
-- not overlap, so the lengths in them add up; a stretch that runs along an edge between two is counted once, by union.
WITH wet AS MATERIALIZED (
    SELECT r.road_id, r.bridge, p.ordinal, ST_Union(ST_Intersection(r.geom, p.geom)) AS stretch
    FROM rescue_flood_piece AS p JOIN road AS r ON r.geom && p.geom AND ST_Intersects(r.geom, p.geom)
    WHERE p.flood_id = :flood
    GROUP BY r.road_id, r.bridge, p.ordinal
)
SELECT
    w.ordinal, w.bridge, count(DISTINCT w.road_id) AS roads,
    sum(ST_Length(ST_Segmentize(ST_CollectionExtract(w.stretch, 2), 0.0045)::geography)) AS length_m
FROM wet AS w
GROUP BY w.ordinal, w.bridge
ORDER BY w.ordinal, w.bridge
