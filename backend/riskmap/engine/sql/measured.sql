-- Common part of near.sql and reaching.sql: how many metres each of the given rows lies from the outline `shape`.
-- Metres are those of a transverse Mercator whose meridian goes through the middle of the outline (on_plane).
-- The rows have been cut to boxes around the outline, so the index has chosen them already.
-- The shortest line is found with degrees of longitude squeezed to those of latitude: equal angles near by.
origin AS MATERIALIZED (
    SELECT
        ST_Scale(g, :squeeze, 1) AS squeezed,
        (ST_XMin(g) + ST_XMax(g)) / 2 AS middle,
        on_plane(g, (ST_XMin(g) + ST_XMax(g)) / 2) AS plane
    FROM (SELECT ST_GeomFromEWKB(decode(:shape, 'hex')) AS g) AS s
),
measured AS MATERIALIZED (
    SELECT p.*, ST_Distance(p.flat, o.plane) AS m
    FROM (
        SELECT r.*, on_plane(r.geom, o.middle) AS flat
        FROM ({rows}) AS r, origin AS o
    ) AS p, origin AS o
)
