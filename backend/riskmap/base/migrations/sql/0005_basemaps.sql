-- Basemaps that an administrator has declared. They move no state: nothing that is counted depends on them.
-- The key of 天地图 is not here but in the secrets folder, so that no backup and no answer carries it.
CREATE TABLE basemap_source (
    source text PRIMARY KEY CHECK (source ~ '^[a-z0-9][a-z0-9-]{0,39}$' AND source <> 'plain'),
    kind text NOT NULL CHECK (kind IN ('mbtiles', 'pmtiles', 'folder', 'tianditu')),
    place text NOT NULL UNIQUE,  -- name in the data folder's basemap/ or basemap/tiles/; of 天地图 its layer
    title text NOT NULL CHECK (title <> ''),
    datum text NOT NULL CHECK (datum IN ('CGCS2000', 'WGS84', 'GCJ02')),
    credit text NOT NULL DEFAULT '',
    approval text NOT NULL DEFAULT '',  -- 审图号
    scheme text NOT NULL DEFAULT 'xyz' CHECK (scheme IN ('xyz', 'tms')),  -- rows of a folder: from north or south
    enabled boolean NOT NULL DEFAULT false,
    public boolean NOT NULL DEFAULT false,  -- also for whoever has not signed in
    preferred boolean NOT NULL DEFAULT false,  -- shown first; without one the plain basemap is
    position integer NOT NULL DEFAULT 0,
    changed_at timestamptz NOT NULL DEFAULT now(),
    changed_by text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX basemap_source_one_preferred ON basemap_source (preferred) WHERE preferred;

INSERT INTO basemap_source (source, kind, place, title, datum, credit, position) VALUES
    ('tianditu-vec', 'tianditu', 'vec', '天地图矢量', 'CGCS2000', '天地图', 901),
    ('tianditu-img', 'tianditu', 'img', '天地图影像', 'CGCS2000', '天地图', 902),
    ('tianditu-ter', 'tianditu', 'ter', '天地图地形', 'CGCS2000', '天地图', 903);

GRANT SELECT, INSERT, UPDATE, DELETE ON basemap_source TO riskmap_app;
