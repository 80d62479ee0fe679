-- What of the given rows lies within the metres of its own row (reach) from the outline :shape, with the metres and
-- the ends of the shortest line. Metres as in near.sql: on a transverse Mercator through the middle of the outline.
-- Of what the outline lies in, also how deep: the metres to its border.
-- The rows have been cut to boxes around the outline, so the index has chosen them already.
WITH origin AS MATERIALIZED (
    SELECT
        ST_Scale(g, :squeeze, 1) AS squeezed,
        120 - (ST_XMin(g) + ST_XMax(g)) / 2 AS turn,
        ST_Transform(ST_Translate(ST_Segmentize(g, 0.0045), 120 - (ST_XMin(g) + ST_XMax(g)) / 2, 0), 4549) AS plane
    FROM (SELECT ST_GeomFromEWKB(decode(:shape, 'hex')) AS g) AS s
),
measured AS MATERIALIZED (
    SELECT p.*, ST_Distance(p.flat, o.plane) AS m
    FROM (
        SELECT r.*, ST_Transform(ST_Translate(ST_Segmentize(r.geom, 0.0045), o.turn, 0), 4549) AS flat
        FROM ({rows}) AS r, origin AS o
    ) AS p, origin AS o
),
found AS (
    SELECT
        n.*,
        CASE
            WHEN n.m = 0 AND ST_GeometryType(n.flat) IN ('ST_Polygon', 'ST_MultiPolygon')
                THEN ST_Distance(ST_Boundary(n.flat), o.plane)
            ELSE 0
        END AS deep,
        ST_ShortestLine(o.squeezed, ST_Scale(n.geom, :squeeze, 1)) AS line
    FROM measured AS n, origin AS o
    WHERE n.m <= n.reach
)
SELECT
    id, m, deep, class, name, division, department, visibility, attributes, level_scale, level_value, position_quality,
    enterprise, parent,
    ST_X(ST_StartPoint(line)) / :squeeze AS x1, ST_Y(ST_StartPoint(line)) AS y1,
    ST_X(ST_EndPoint(line)) / :squeeze AS x2, ST_Y(ST_EndPoint(line)) AS y2
FROM found
ORDER BY m, id
