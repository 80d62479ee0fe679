-- What of the given rows lies within the metres of its own row (reach) from the outline `shape`, with the metres and
-- the ends of the shortest line.
-- Of what the outline lies in, also how deep: the metres to its border. Metres and rows: measured.sql.
WITH {measured},
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
