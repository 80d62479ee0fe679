-- Live objects of some kinds that the area of a warning meets, each once, the worst grade first. Asked for by the
-- pieces of the area, one by one, so that the index on geom chooses the candidates.
WITH met AS MATERIALIZED (
    SELECT DISTINCT o.id
    FROM rescue_warning_piece AS p CROSS JOIN LATERAL ({rows}) AS o
    WHERE p.warning_id = :warning
)
SELECT o.* FROM met AS m CROSS JOIN LATERAL ({whole}) AS o ORDER BY o.grade, o.id
