"""What the engine is told of its tiles and its limits; the same for the builder and for the process that answers."""

from pathlib import Path
from typing import Any

STRETCHES = "stretches.npz"
# Metres round a closure, and of a road along it that are closed: a road that it crosses stays open.
CLOSURE_M, OVERLAP_M = 2.0, 8.0


def settings_of(place: Path, *, build: bool = False) -> dict[str, Any]:
    """The engine's settings for tiles in a folder."""
    from valhalla.valhalla_build_config import config as defaults

    config = _plain(defaults)
    config["mjolnir"] |= {
        "tile_dir": str(place / "tiles"), "tile_extract": str(place / "none.tar"), "logging": {"type": ""},
        "max_cache_size": 256 << 20,
        # Roads of one city on one level: a way round water is not lost by keeping to main roads far from the ends.
        "hierarchy": False, "shortcuts": False, "concurrency": 1,
    }  # fmt: skip
    for name in ("admin", "landmarks", "timezone", "traffic_extract", "transit_dir", "transit_feeds_dir"):
        config["mjolnir"].pop(name, None)
    # One search a source: its other way, from both ends, is a hundred times slower on tiles of one level.
    config["thor"]["source_to_target_algorithm"] = "timedistancematrix"
    config["loki"]["use_connectivity"] = False
    config["loki"]["service_defaults"]["minimum_reachability"] = 0
    config["loki"]["logging"] = config["thor"]["logging"] = config["odin"]["logging"] = {"type": ""}
    limits = config["service_limits"]
    limits["auto"] |= {
        "max_distance": 1e7, "max_matrix_distance": 1e7, "max_matrix_location_pairs": 10_000_000, "max_locations": 50,
    }  # fmt: skip
    limits |= {"max_exclude_locations": 2_000_000, "max_exclude_polygons_length": 1e9}
    limits["isochrone"] |= {"max_time_contour": 600, "max_contours": 10}
    if build:
        config["mjolnir"]["logging"] = {"type": "std_out", "color": False}
    return config


def _plain(given: dict[str, Any]) -> dict[str, Any]:
    """The package's defaults without those that have no value."""
    out: dict[str, Any] = {}
    for name, value in given.items():
        if isinstance(value, dict):
            out[name] = _plain(value)
        elif value is None or isinstance(value, bool | int | float | str | list):
            out[name] = value
    return out
