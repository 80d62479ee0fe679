-- Of some objects what the page says of each one: what is registered of it, in which direction it lies, and with a
-- flood how deep it stands in it. Asked of those alone that are listed.
SELECT o.id, o.attributes, w.ordinal, c.depth_m, c.depth_to_m, degrees(ST_Azimuth(
        ST_SetSRID(ST_MakePoint(:lon, :lat), 4490)::geography, ST_SetSRID(ST_MakePoint(o.lon, o.lat), 4490)::geography
    )) AS bearing
FROM ({rows}) AS o
LEFT JOIN LATERAL (
    SELECT max(p.ordinal) AS ordinal FROM rescue_flood_piece AS p
    WHERE p.flood_id = CAST(:flood AS bigint) AND p.geom && o.geom AND ST_Intersects(p.geom, o.geom)
) AS w ON true
LEFT JOIN rescue_flood_class AS c ON c.flood_id = CAST(:flood AS bigint) AND c.ordinal = w.ordinal
