-- Pairs of neighbours (毗邻): objects of different enterprises within the typed metres, outline to outline, each once.
-- mine: the reader's own, in full. every: all live ones, looked up by the box around each of mine, so the index
-- on geom chooses the candidates: the work grows with the pairs that are near, not with the square of the objects.
-- Each says of itself whether it is one of mine, and whether the reader may see it in full: what he may not see stays
-- a pair, without its name. No part is joined to another: the planner knows too little of rows under row security.
-- Metres are those of a transverse Mercator whose meridian goes through the middle of mine (on_plane).
WITH mine AS MATERIALIZED (
    SELECT
        s.*,
        coalesce(s.enterprise, -s.id) AS owner,
        on_plane(s.geom, s.middle) AS plane,
        -- Degrees that hold everything within the distance; a column, for only so may the index be asked with it.
        box_within(s.geom, {within}) AS box
    FROM (
        SELECT o.*, (ST_XMin(o.geom) + ST_XMax(o.geom)) / 2 AS middle FROM ({mine}) AS o WHERE o.geom IS NOT NULL
    ) AS s
),
near AS MATERIALIZED (
    SELECT
        m.id AS a, e.id AS b,
        m.name AS one, m.class AS one_class, m.grade AS one_grade, m.enterprise AS one_enterprise,
        m.division AS one_division,
        e.name AS other, e.class AS other_class, e.grade AS other_grade, e.enterprise AS other_enterprise,
        e.division AS other_division, e.department, e.seen,
        ST_Distance(m.plane, on_plane(e.geom, m.middle)) AS distance_m
    FROM mine AS m CROSS JOIN LATERAL ({every}) AS e
    WHERE coalesce(e.enterprise, -e.id) <> m.owner
        AND e.parent IS DISTINCT FROM m.id AND m.parent IS DISTINCT FROM e.id
        -- Where both are the reader's, the pair is met from either side: kept from the smaller id.
        AND (e.id > m.id OR NOT e.mine)
)
SELECT
    n.a, n.b, n.distance_m,
    n.a AS one_id, n.one, n.one_class, n.one_grade, n.one_enterprise, n.one_division,
    CASE WHEN n.seen THEN n.b END AS other_id,
    CASE WHEN n.seen THEN n.other END AS other,
    CASE WHEN n.seen THEN n.other_class END AS other_class,
    CASE WHEN n.seen THEN n.other_grade END AS other_grade,
    CASE WHEN n.seen THEN n.other_enterprise END AS other_enterprise,
    CASE WHEN n.seen THEN n.other_division END AS other_division,
    CASE WHEN NOT n.seen THEN n.department END AS other_hidden,
    n.seen AND left(n.one_division, 6) <> left(n.other_division, 6) AS crosses,
    least(n.one_grade, CASE WHEN n.seen THEN n.other_grade END) AS worst
FROM near AS n
WHERE n.distance_m <= {within}
