-- Classes that an administrator makes: fields keep the order that she gave them.
-- jsonb sorts the keys of an object by their length; json keeps them as they were written.
-- Shipped classes get their files' order back when the catalogue is seeded next.
ALTER TABLE catalogue_item ALTER COLUMN body TYPE json USING body::json;

-- Where the outlines and names of a division come from, in words.
ALTER TABLE division ADD COLUMN source text NOT NULL DEFAULT '';
