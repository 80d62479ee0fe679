-- Vulnerable targets, each with the nearest red or orange risk and the geodesic distance, outline to outline.
-- targets: the reader's own, in full. first: of all live risks the nearest by degrees, straight from the index;
-- its distance bounds the search, for degrees of longitude are shorter than those of latitude. within: all risks
-- in that bound, by the index again, of which the nearest in metres is the answer.
-- seen: what the reader may see of the risk; what he may not see is told with its distance, without its name.
WITH target AS MATERIALIZED (
    SELECT
        s.*,
        CASE WHEN ST_Dimension(s.geom) = 0 THEN s.geom::geography ELSE ST_Segmentize(s.geom, 0.0045)::geography END
            AS globe
    FROM ({targets}) AS s
),
bounded AS MATERIALIZED (
    SELECT t.id, t.geom, t.globe, ST_Distance(
        t.globe,
        CASE WHEN ST_Dimension(f.geom) = 0 THEN f.geom::geography ELSE ST_Segmentize(f.geom, 0.0045)::geography END
    ) AS most_m
    FROM target AS t CROSS JOIN LATERAL ({first}) AS f
    WHERE t.geom IS NOT NULL
),
boxed AS MATERIALIZED (
    SELECT b.id, b.globe, b.most_m, ST_Expand(
        b.geom,
        b.most_m / (110500.0 * cos(radians(least(greatest(abs(ST_YMin(b.geom)), abs(ST_YMax(b.geom)))
            + b.most_m / 110500.0 + 1e-7, 89.0)))) + 1e-7,
        b.most_m / 110500.0 + 1e-7
    ) AS box
    FROM bounded AS b
),
nearest AS MATERIALIZED (
    SELECT b.id, n.risk, n.department, n.risk_grade, n.distance_m
    FROM boxed AS b CROSS JOIN LATERAL (
        SELECT r.id AS risk, r.department, r.grade AS risk_grade, ST_Distance(
            b.globe,
            CASE WHEN ST_Dimension(r.geom) = 0 THEN r.geom::geography ELSE ST_Segmentize(r.geom, 0.0045)::geography END
        ) AS distance_m
        FROM ({within}) AS r
        ORDER BY distance_m, r.id LIMIT 1
    ) AS n
)
SELECT
    t.id, t.class, t.code, t.name, t.grade, t.division, t.stage, t.enterprise, t.department, t.persons,
    t.geom IS NULL AS unplaced, n.distance_m,
    s.id AS risk_id, s.name AS risk, s.class AS risk_class, s.grade AS risk_grade,
    CASE WHEN n.risk IS NOT NULL AND s.id IS NULL THEN n.department END AS risk_hidden
FROM target AS t
LEFT JOIN nearest AS n ON n.id = t.id
LEFT JOIN ({seen}) AS s ON s.id = n.risk
