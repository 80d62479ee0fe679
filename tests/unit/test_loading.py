"""What a start of the service loads: nothing slow that only some requests need."""

import os
import subprocess
import sys

from riskmap.base.settings import REPOSITORY

SLOW = {"folium", "pandas", "pyogrio", "ortools", "valhalla"}


def test_a_start_does_not_load_what_only_some_requests_need() -> None:
    asked = f"import sys, riskmap.app; print(*({SLOW} & sys.modules.keys()))"
    told = subprocess.run(
        [sys.executable, "-c", asked],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "backend")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == []
