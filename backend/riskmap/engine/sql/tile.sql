-- One Mapbox Vector Tile: layers objects and clusters, each placed object counted once by its anchor.
-- The anchor stands on a grid of 2^36 around the world; shifting it to the zoom's grid
-- (2^z x 4096) and dividing gives tile, cut and place in the tile, in integers: nothing is
-- counted twice or lost at an edge. A tile is cut in 16 x 16: one object in a cut is sent as itself,
-- more as one cluster; from :every_from on all objects. No LIMIT: a tile that quietly drops a
-- tank is worse than a slow one.
-- Where the picture is coloured by a class's own scale, objects carry `level` and `rank` of it,
-- or `outside`, and clusters a count for each rank and of what is outside: the fragments in braces are empty otherwise.
-- `over` is true for what is closed or struck off, and not sent for what is live.
WITH counted AS MATERIALIZED (
    SELECT
        id, class, grade, name, "over", span{level},
        (gx >> :shift) - (CAST(:x AS bigint) << 12) AS px,
        (gy >> :shift) - (CAST(:y AS bigint) << 12) AS py
    FROM (
        {anchored}
    ) AS r
), cut AS (
    SELECT
        (px >> 8) * 16 + (py >> 8) AS cut, count(*) AS n,
        count(*) FILTER (WHERE grade = 1) AS major, count(*) FILTER (WHERE grade = 2) AS serious,
        count(*) FILTER (WHERE grade = 3) AS general, count(*) FILTER (WHERE grade = 4) AS low,
        count(*) FILTER (WHERE grade = 5) AS none,
        min(grade) AS worst{ranks}, min(id) AS id, avg(px) AS x, avg(py) AS y
    FROM counted
    GROUP BY 1
), single AS (
    -- What is sent as itself. A shape of 32 units or more (4 px) is not drawn here but below.
    SELECT c.id, c.class, c.grade, c.name, c."over", c.span, c.px, c.py{c_kept}
    FROM counted AS c
    WHERE :z >= :every_from OR c.id IN (SELECT id FROM cut WHERE n = 1)
), shape AS (
    -- Every tile that a large enough shape meets draws it; the one that counts it by itself says where its anchor is.
    SELECT
        r.id, r.class, r.grade, r.name, r."over"{r_level}, s.px AS anchor_x, s.py AS anchor_y,
        ST_AsMVTGeom(
            ST_Transform(r.geom, 3857), ST_TileEnvelope(:z, :x, :y), 4096, 64, true
        ) AS geom
    FROM (
        {shapes}
    ) AS r
    LEFT JOIN single AS s ON s.id = r.id
), drawn AS (
    SELECT id, class, grade, name, "over", anchor_x, anchor_y, geom{kept} FROM shape WHERE geom IS NOT NULL
    UNION ALL
    -- Points, shapes too small to draw, and shapes that fell to nothing on the tile's grid: their anchor.
    SELECT
        id, class, grade, name, "over", CAST(NULL AS bigint), CAST(NULL AS bigint),
        ST_MakePoint(px, py){kept}
    FROM single
    WHERE id NOT IN (SELECT id FROM shape WHERE geom IS NOT NULL)
), objects AS (
    SELECT
        id, class, (ARRAY['major', 'serious', 'general', 'low', 'none'])[grade] AS grade,
        CASE WHEN :z >= :names_from THEN name END AS name, nullif("over", false) AS "over", anchor_x, anchor_y, geom{kept}
    FROM drawn
    ORDER BY id
), clusters AS (
    SELECT
        cut AS id, n, major, serious, general, low, none,
        (ARRAY['major', 'serious', 'general', 'low', 'none'])[worst] AS worst{ranked},
        ST_MakePoint(floor(x), floor(y)) AS geom
    FROM cut
    WHERE n > 1 AND :z < :every_from
    ORDER BY cut
)
SELECT
    coalesce((SELECT ST_AsMVT(objects, 'objects', 4096, 'geom', 'id') FROM objects), '')
    || coalesce((SELECT ST_AsMVT(clusters, 'clusters', 4096, 'geom', 'id') FROM clusters), '')
