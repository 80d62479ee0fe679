-- Live shelters with how deep each stands in a flood (null: no flood), what dangerous lies within :hazard metres: major
-- hazard sources, and hazards of 较大 or worse; and how many further hazards there are of which nobody knows, for they
-- are not assessed. Metres are those of a transverse Mercator through the shelter (on_plane); the box that chooses the
-- candidates holds everything within them.
WITH shelters AS MATERIALIZED ({shelters}),
near AS (
    SELECT s.id AS shelter, h.*, ST_Distance(on_plane(s.geom, s.lon), on_plane(h.geom, s.lon)) AS distance_m
    FROM (
        SELECT o.id, o.geom, o.lon, box_within(o.geom, :hazard) AS box
        FROM shelters AS o WHERE o.geom IS NOT NULL
    ) AS s CROSS JOIN LATERAL ({hazards}) AS h
)
SELECT s.*, w.ordinal, c.depth_m, c.depth_to_m, n.hazards, n.unassessed
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
        ) ORDER BY n.distance_m, n.id) FILTER (WHERE n.counts) AS hazards,
        count(*) FILTER (WHERE NOT n.counts) AS unassessed
    FROM near AS n WHERE n.shelter = s.id AND n.distance_m <= :hazard
) AS n ON true
ORDER BY s.id
