-- Vulnerable targets, each with the nearest red or orange risk and the geodesic distance, outline to outline.
-- targets: the reader's own, in full. first: of all live risks the nearest by degrees, straight from the index;
-- its distance bounds the search, for degrees of longitude are shorter than those of latitude. within: all risks
-- in that bound, by the index again, of which the nearest in metres is the answer. Each says of itself whether the
-- reader may see it in full: what he may not see is told with its distance, without its name.
-- The nearest points are found in a transverse Mercator through the middle of the target (on_plane), and turned back;
-- between them the distance is geodesic.
WITH target AS MATERIALIZED (
    SELECT
        s.*,
        CASE WHEN ST_Dimension(s.geom) = 0 THEN s.geom::geography ELSE ST_Segmentize(s.geom, 0.0045)::geography END
            AS globe,
        on_plane(s.geom, s.middle) AS plane
    FROM (SELECT o.*, (ST_XMin(o.geom) + ST_XMax(o.geom)) / 2 AS middle FROM ({targets}) AS o) AS s
),
bounded AS MATERIALIZED (
    SELECT t.*, f.most_m
    FROM target AS t LEFT JOIN LATERAL (
        -- A distance between two of their points, though perhaps not the nearest two: a bound, and no less.
        SELECT 1 + ST_Distance(
            t.globe,
            CASE WHEN ST_Dimension(r.geom) = 0 THEN r.geom::geography ELSE ST_Segmentize(r.geom, 0.0045)::geography END
        ) AS most_m
        FROM ({first}) AS r
    ) AS f ON true
),
boxed AS MATERIALIZED (
    SELECT b.*, box_within(b.geom, b.most_m) AS box
    FROM bounded AS b
),
nearest AS MATERIALIZED (
    SELECT
        b.id, b.class, b.code, b.name, b.grade, b.division, b.stage, b.enterprise, b.department, b.persons,
        b.geom IS NULL AS unplaced,
        n.risk, n.risk_name, n.risk_class, n.risk_grade, n.risk_department, n.seen,
        ST_Distance(
            ST_Transform(ST_StartPoint(n.line), 4490)::geography, ST_Transform(ST_EndPoint(n.line), 4490)::geography
        ) AS distance_m
    FROM boxed AS b LEFT JOIN LATERAL (
        SELECT p.*, ST_ShortestLine(b.plane, p.plane) AS line
        FROM (
            SELECT r.id AS risk, r.name AS risk_name, r.class AS risk_class, r.grade AS risk_grade,
                r.department AS risk_department, r.seen,
                on_plane(r.geom, b.middle) AS plane
            FROM ({within}) AS r
        ) AS p
        ORDER BY ST_Distance(b.plane, p.plane), p.risk LIMIT 1
    ) AS n ON true
)
SELECT
    n.id, n.class, n.code, n.name, n.grade, n.division, n.stage, n.enterprise, n.department, n.persons, n.unplaced,
    n.distance_m,
    CASE WHEN n.seen THEN n.risk END AS risk_id,
    CASE WHEN n.seen THEN n.risk_name END AS risk,
    CASE WHEN n.seen THEN n.risk_class END AS risk_class,
    CASE WHEN n.seen THEN n.risk_grade END AS risk_grade,
    CASE WHEN NOT n.seen THEN n.risk_department END AS risk_hidden
FROM nearest AS n
