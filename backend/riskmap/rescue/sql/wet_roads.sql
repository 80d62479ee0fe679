-- The stretches of road in the water, for the map: one line a road and depth class, the deepest first.
SELECT r.road_id, r.name, r.ref, r.highway, r.bridge, p.ordinal,
    ST_AsGeoJSON(ST_CollectionExtract(ST_Union(ST_Intersection(r.geom, p.geom)), 2), 6, 0) AS geometry
FROM rescue_flood_piece AS p JOIN road AS r ON r.geom && p.geom AND ST_Intersects(r.geom, p.geom)
WHERE p.flood_id = :flood AND p.ordinal = ANY(CAST(:ordinals AS int[]))
GROUP BY r.road_id, p.ordinal
HAVING ST_Dimension(ST_Union(ST_Intersection(r.geom, p.geom))) = 1
ORDER BY p.ordinal DESC, r.road_id
LIMIT :most
