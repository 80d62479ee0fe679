-- Tailings ponds (of all live ones) whose registered path of tailings meets the water, and those without a path that
-- lie within :near metres of it (a sphere is near enough: it says only who has to be looked at).
SELECT o.id, o.class, o.grade, o.division, o.department, o.visibility, o.name, o.path IS NOT NULL AS by_path
FROM (
    SELECT r.*, ST_SetSRID(ST_GeomFromGeoJSON(r.drawn), 4490) AS path FROM ({rows}) AS r
) AS o
WHERE CASE WHEN o.path IS NOT NULL THEN EXISTS (
        SELECT FROM rescue_flood_piece AS p
        WHERE p.flood_id = :flood AND p.geom && o.path AND ST_Intersects(p.geom, o.path)
    ) ELSE EXISTS (
        SELECT FROM rescue_flood_piece AS p
        WHERE p.flood_id = :flood AND ST_DistanceSphere(p.geom, o.geom) <= :near
    ) END
ORDER BY (o.path IS NULL), o.grade, o.id
