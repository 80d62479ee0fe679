-- Live objects within so many metres of a place, each class as far as it is asked for, nearest first.
WITH here AS MATERIALIZED (
    SELECT on_plane(ST_SetSRID(ST_MakePoint(:lon, :lat), 4490), :lon) AS plane
),
near AS MATERIALIZED (
    SELECT r.*, ST_Distance(h.plane, on_plane(r.geom, :lon)) AS distance_m
    FROM ({rows}) AS r, here AS h
)
SELECT {columns}, n.distance_m FROM near AS n WHERE n.distance_m <= n.reach ORDER BY n.distance_m, n.id
