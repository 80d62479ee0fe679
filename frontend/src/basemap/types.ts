/** Basemaps as the service tells them. */
export type Datum = "CGCS2000" | "WGS84" | "GCJ02";

export interface Basemap {
  source: string; kind: "plain" | "raster" | "vector"; title: string; datum: Datum; credit: string; approval: string;
  tiles: string[]; min_zoom?: number; max_zoom?: number; bounds?: [number, number, number, number] | null; photo?: boolean; problem: string | null;
}

/** A declared source, as the administrator sees it. */
export interface Source {
  source: string; kind: "mbtiles" | "pmtiles" | "folder" | "tianditu"; place: string; title: string; datum: Datum; credit: string; approval: string; scheme: "xyz" | "tms";
  enabled: boolean; public: boolean; preferred: boolean; position: number; changed_at: string; changed_by: string;
  type?: "raster" | "vector"; format?: string; min_zoom?: number; max_zoom?: number; bytes?: number | null; problem: string | null;
}

/** A file in the data folder that nobody has declared. */
export interface Found { place: string; kind: string; type?: string; format?: string; min_zoom?: number; max_zoom?: number; bytes: number | null; title?: string; credit?: string; problem: string | null }

/** What became of a file that was sent. */
export interface Taken { place: string; kind: string; type: string; format: string }
export interface Administered { plain: Basemap; items: Source[]; found: Found[]; folder: string; key_set: boolean; upload_mb: number }
