-- Live objects within so many metres of a place, each class as far as it is asked for, nearest first. Metres are those
-- of a transverse Mercator through the place, as in objects.sql.
WITH here AS MATERIALIZED (
    SELECT ST_Transform(ST_SetSRID(ST_MakePoint(120, CAST(:lat AS double precision)), 4490), 4549) AS plane
),
near AS MATERIALIZED (
    SELECT r.*, ST_Distance(
        h.plane, ST_Transform(ST_Translate(ST_Segmentize(r.geom, 0.0045), 120 - CAST(:lon AS double precision), 0), 4549)
    ) AS distance_m
    FROM ({rows}) AS r, here AS h
)
SELECT {columns}, n.distance_m FROM near AS n WHERE n.distance_m <= n.reach ORDER BY n.distance_m, n.id
