-- Metres in SQL, in one place. Both are plain expressions, which the planner writes into the question that asks them.

-- An outline on a plane whose metres are true along a meridian and near it: turned about the axis of the earth, which
-- changes no distance, from that meridian to the one of EPSG:4549 (120°). Its edges are straight in lon/lat as drawn, so
-- it is densified to 500 m first. ST_Distance of geographies is not asked instead: it takes the points that are nearest
-- on a sphere, which may be metres off.
CREATE FUNCTION on_plane(g geometry, meridian double precision) RETURNS geometry
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT ST_Transform(ST_Translate(ST_Segmentize(g, 0.0045), 120 - meridian, 0), 4549) $$;

-- The box in degrees that holds everything within so many metres of an outline: what the index is asked by.
CREATE FUNCTION box_within(g geometry, metres double precision) RETURNS geometry
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$
    SELECT ST_Expand(
        g,
        metres / (110500.0 * cos(radians(least(
            greatest(abs(ST_YMin(g)), abs(ST_YMax(g))) + metres / 110500.0 + 1e-7, 89.0)))) + 1e-7,
        metres / 110500.0 + 1e-7
    )
$$;

GRANT EXECUTE ON FUNCTION on_plane(geometry, double precision), box_within(geometry, double precision) TO riskmap_app;
