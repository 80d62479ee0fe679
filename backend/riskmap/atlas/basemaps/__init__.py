"""Basemaps: what lies under the objects. Own tile archives, 天地图 by a key of the server, and who switches them."""
