-- Lines and polygons by the cells that their cover meets; a public-form row touches its public cell alone.
SELECT prefix, count(*) AS n
FROM (
    SELECT DISTINCT r.id, (c.cell >> :shift) AS prefix
    FROM (
        {rows}
    ) AS r, unnest(r.cover) AS c (cell)
) AS met
GROUP BY 1
