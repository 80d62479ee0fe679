-- Common part of near.sql and reaching.sql: how many metres each of the given rows lies from the outline `shape`.
-- Metres are those of a transverse Mercator whose meridian goes through the middle of the outline: shapes are turned
-- about the axis of the earth, which changes no distance, to the meridian of EPSG:4549 (120°). ST_Distance of
-- geographies is not asked: it takes the points that are nearest on a sphere, which may be metres off.
-- Outlines are densified to 500 m first: the stored edge is straight in lon/lat.
-- The rows have been cut to boxes around the outline, so the index has chosen them already.
-- The shortest line is found with degrees of longitude squeezed to those of latitude: equal angles near by.
origin AS MATERIALIZED (
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
)
