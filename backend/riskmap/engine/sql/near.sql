-- What of a selection lies within `within_m` metres of the outline `shape`, nearest first; total is of all of them.
-- Metres and rows: measured.sql.
WITH {measured},
nearest AS (
    SELECT *, count(*) OVER () AS total FROM measured WHERE m <= :within_m ORDER BY m, id LIMIT :most
),
drawn AS (
    SELECT n.*, ST_ShortestLine(o.squeezed, ST_Scale(n.geom, :squeeze, 1)) AS line FROM nearest AS n, origin AS o
)
SELECT
    d.id, d.m, d.total, d.class, d.code, d.name, d.grade, d.stage, d.attributes,
    ST_X(d.anchor) AS lon, ST_Y(d.anchor) AS lat,
    ST_X(ST_StartPoint(d.line)) / :squeeze AS x1, ST_Y(ST_StartPoint(d.line)) AS y1,
    ST_X(ST_EndPoint(d.line)) / :squeeze AS x2, ST_Y(ST_EndPoint(d.line)) AS y2,
    degrees(ST_Azimuth(ST_StartPoint(d.line), ST_EndPoint(d.line))) AS bearing
FROM drawn AS d
ORDER BY d.m, d.id
