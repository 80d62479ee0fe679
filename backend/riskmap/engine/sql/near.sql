-- What of a selection lies within :within_m metres of the outline :shape, nearest first; total is of all of them.
-- Metres are those of a transverse Mercator whose meridian goes through the middle of the outline: shapes are turned
-- about the axis of the earth, which changes no distance, to the meridian of EPSG:4549 (120°). ST_Distance of
-- geographies is not asked: it takes the points that are nearest on a sphere, which may be metres off.
-- Outlines are densified to 500 m first: the stored edge is straight in lon/lat.
-- The rows have been cut to a box around the outline, so the index has chosen them already.
-- The shortest line is found with degrees of longitude squeezed to those of latitude: equal angles near by.
WITH origin AS MATERIALIZED (
    SELECT
        g AS geom,
        ST_Scale(g, :squeeze, 1) AS squeezed,
        120 - (ST_XMin(g) + ST_XMax(g)) / 2 AS turn,
        ST_Transform(ST_Translate(ST_Segmentize(g, 0.0045), 120 - (ST_XMin(g) + ST_XMax(g)) / 2, 0), 4549) AS plane
    FROM (SELECT ST_GeomFromEWKB(decode(:shape, 'hex')) AS g) AS s
),
measured AS MATERIALIZED (
    SELECT
        r.*,
        ST_Distance(
            ST_Transform(ST_Translate(ST_Segmentize(r.geom, 0.0045), o.turn, 0), 4549), o.plane
        ) AS m
    FROM ({rows}) AS r, origin AS o
),
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
