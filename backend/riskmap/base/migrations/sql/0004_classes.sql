-- Classes that an administrator makes.
SELECT 1;
