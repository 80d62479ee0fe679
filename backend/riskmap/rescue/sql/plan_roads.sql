-- Roads within a box, cut to it, for a plan of a few centimetres: the roads (ordinal null), then their stretches in the
-- water by depth class. The greatest first, so that what is left out of a crowded plan is the least.
WITH frame AS (SELECT ST_MakeEnvelope(:west, :south, :east, :north, 4490) AS box),
here AS MATERIALIZED (
    SELECT r.highway, array_position(CAST(:greatest AS text[]), r.highway) AS rank, r.geom
    FROM road AS r, frame AS f
    WHERE r.geom && f.box AND r.highway = ANY(CAST(:greatest AS text[]))
    ORDER BY rank, r.length_m DESC, r.road_id
    LIMIT :most
)
SELECT h.highway, NULL::int AS ordinal, ST_AsBinary(ST_ClipByBox2D(h.geom, CAST(f.box AS box2d))) AS wkb
FROM here AS h, frame AS f
UNION ALL
SELECT h.highway, p.ordinal, ST_AsBinary(ST_CollectionExtract(ST_Intersection(h.geom, p.geom), 2))
FROM here AS h, frame AS f, rescue_flood_piece AS p
WHERE p.flood_id = CAST(:flood AS bigint) AND p.geom && f.box AND p.geom && h.geom AND ST_Intersects(p.geom, h.geom)
