-- Heat: placed objects by the H3 ancestor of their anchor's cell and by grade. Equal prefixes are one ancestor.
SELECT cell >> :shift AS prefix, grade, count(*) AS n
FROM (
    {rows}
) AS r
GROUP BY 1, 2
