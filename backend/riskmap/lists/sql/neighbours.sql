-- Pairs of neighbours (毗邻): objects of different enterprises within the typed metres, outline to outline, each once.
-- mine: the reader's own, in full. every: all live ones, looked up by the box around each of mine, so the index
-- on geom chooses the candidates: the work grows with the pairs that are near, not with the square of the objects.
-- seen: what the reader may see of the other half; what he may not see stays a pair, without its name.
-- Outlines are densified to 500 m: a geography edge is a great circle, the stored one is straight in lon/lat.
WITH mine AS MATERIALIZED (
    SELECT
        s.*,
        coalesce(s.enterprise, -s.id) AS owner,
        CASE WHEN ST_Dimension(s.geom) = 0 THEN s.geom::geography ELSE ST_Segmentize(s.geom, 0.0045)::geography END
            AS globe,
        -- Degrees that hold everything within the distance; a column, for only so may the index be asked with it.
        ST_Expand(
            s.geom,
            {within} / (110500.0 * cos(radians(least(greatest(abs(ST_YMin(s.geom)), abs(ST_YMax(s.geom)))
                + {within} / 110500.0 + 1e-7, 89.0)))) + 1e-7,
            {within} / 110500.0 + 1e-7
        ) AS box
    FROM ({mine}) AS s
    WHERE s.geom IS NOT NULL
),
near AS MATERIALIZED (
    SELECT m.id AS a, e.id AS b, e.department, e.grade, ST_Distance(
        m.globe,
        CASE WHEN ST_Dimension(e.geom) = 0 THEN e.geom::geography ELSE ST_Segmentize(e.geom, 0.0045)::geography END
    ) AS distance_m
    FROM mine AS m CROSS JOIN LATERAL ({every}) AS e
    WHERE coalesce(e.enterprise, -e.id) <> m.owner
        AND e.parent IS DISTINCT FROM m.id AND m.parent IS DISTINCT FROM e.id
        -- Where both are the reader's, the pair is met from either side: kept from the smaller id.
        AND (e.id > m.id OR e.id NOT IN (SELECT o.id FROM mine AS o))
)
SELECT
    n.a, n.b, n.distance_m,
    m.name AS one, m.id AS one_id, m.class AS one_class, m.grade AS one_grade,
    m.enterprise AS one_enterprise, m.division AS one_division,
    s.name AS other, s.id AS other_id, s.class AS other_class, s.grade AS other_grade,
    s.enterprise AS other_enterprise, s.division AS other_division,
    CASE WHEN s.id IS NULL THEN n.department END AS other_hidden,
    left(m.division, 6) <> left(s.division, 6) AS crosses,
    least(m.grade, s.grade) AS worst
FROM near AS n
JOIN mine AS m ON m.id = n.a
LEFT JOIN ({seen}) AS s ON s.id = n.b
WHERE n.distance_m <= {within}
