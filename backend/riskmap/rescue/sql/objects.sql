-- Objects in the water or within :margin metres of its edge, each once with the deepest class that it meets.
-- pieces: the water cut small, each with the box that holds everything within the margin; looked up one by one, so
-- that the index on geom chooses the candidates: the work grows with what lies near the water, not with the register.
-- Metres are those of a transverse Mercator whose meridian goes through the middle of the piece (on_plane).
-- In the water is said by the planar edges as drawn.
WITH pieces AS MATERIALIZED (
    SELECT
        s.*,
        on_plane(s.geom, s.middle) AS plane,
        box_within(s.geom, :margin) AS box
    FROM (
        SELECT c.ordinal, p.geom, (ST_XMin(p.geom) + ST_XMax(p.geom)) / 2 AS middle
        FROM rescue_flood_piece AS p JOIN rescue_flood_class AS c USING (flood_id, ordinal)
        WHERE p.flood_id = :flood
    ) AS s
),
met AS (
    SELECT
        o.id, p.ordinal, o.geom, p.plane, p.middle,
        ST_Intersects(p.geom, o.geom) AS inside
    FROM pieces AS p CROSS JOIN LATERAL ({rows}) AS o
),
deepest AS MATERIALIZED (
    SELECT
        m.id,
        max(m.ordinal) FILTER (WHERE m.inside) AS ordinal,
        min(CASE WHEN m.inside THEN 0 WHEN :margin > 0 THEN ST_Distance(m.plane, on_plane(m.geom, m.middle)) END) AS distance_m
    FROM met AS m
    GROUP BY m.id
)
SELECT
    d.id, d.ordinal, d.distance_m, c.depth_m, c.depth_to_m, o.*
FROM deepest AS d
CROSS JOIN LATERAL ({whole}) AS o
LEFT JOIN rescue_flood_class AS c ON c.flood_id = :flood AND c.ordinal = d.ordinal
WHERE d.ordinal IS NOT NULL OR d.distance_m <= :margin
ORDER BY o.grade, d.ordinal DESC NULLS LAST, d.distance_m, d.id
