-- Live shelters with how deep each stands in a flood (null: no flood), and what dangerous lies within :hazard metres: major
-- hazard sources, and hazards of 较大 or worse. Metres are those of a transverse Mercator through the shelter, as in
-- objects.sql; the box that chooses the candidates holds everything within them.
WITH shelters AS MATERIALIZED ({shelters}),
near AS (
    SELECT s.id AS shelter, h.*, ST_Distance(
            ST_Transform(ST_Translate(ST_Segmentize(s.geom, 0.0045), 120 - s.lon, 0), 4549),
            ST_Transform(ST_Translate(ST_Segmentize(h.geom, 0.0045), 120 - s.lon, 0), 4549)
        ) AS distance_m
    FROM (
        SELECT o.id, o.geom, o.lon, ST_Expand(
                o.geom, :hazard / (110500.0 * cos(radians(least(abs(o.lat) + :hazard / 110500.0, 89.0)))) + 1e-6,
                :hazard / 110500.0 + 1e-6
            ) AS box
        FROM shelters AS o WHERE o.geom IS NOT NULL
    ) AS s CROSS JOIN LATERAL ({hazards}) AS h
)
SELECT s.*, w.ordinal, c.depth_m, c.depth_to_m, n.hazards
FROM shelters AS s
LEFT JOIN LATERAL (
    SELECT max(p.ordinal) AS ordinal FROM rescue_flood_piece AS p
    WHERE p.flood_id = CAST(:flood AS bigint) AND p.geom && s.geom AND ST_Intersects(p.geom, s.geom)
) AS w ON true
LEFT JOIN rescue_flood_class AS c ON c.flood_id = CAST(:flood AS bigint) AND c.ordinal = w.ordinal
LEFT JOIN LATERAL (
    SELECT json_agg(json_build_object(
            'id', n.id, 'class', n.class, 'grade', n.grade, 'department', n.department, 'name', n.name,
            'distance_m', n.distance_m
        ) ORDER BY n.distance_m, n.id) AS hazards
    FROM near AS n WHERE n.shelter = s.id AND n.distance_m <= :hazard
) AS n ON true
ORDER BY s.id
