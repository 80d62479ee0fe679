"""The way: routes, matrices and reach on the roads that a flood and closures leave to a vehicle.

Whoever asks looks first (`look`, `look_each`: the one part that reads the database), and then asks for ways between
places (`matrix_of`), for one with its line (`route_of`): plan, evacuation, standing by, and the page over HTTP. A leg
is None where there is no way (无法到达): never 0, and `what_cuts` proves why. Where there are no tiles, or the engine
fails, legs are straight lines and say so.
"""

from riskmap.rescue.routing.answers import Answer, BoatLeg, End, Leg, Place, Route, Vehicle
from riskmap.rescue.routing.cuts import MOST_CUTS, Cut, what_cuts
from riskmap.rescue.routing.router import CROSSED, Router
from riskmap.rescue.routing.service import (
    PATIENCE_S,
    Looked,
    in_water_m,
    look,
    look_each,
    matrix_of,
    reach_of,
    route_of,
    spoilt,
    unanswered,
    with_water,
)

__all__ = [
    "CROSSED", "MOST_CUTS", "PATIENCE_S", "Answer", "BoatLeg", "Cut", "End", "Leg", "Looked", "Place", "Route",
    "Router", "Vehicle", "in_water_m", "look", "look_each", "matrix_of", "reach_of", "route_of", "spoilt",
    "unanswered", "what_cuts", "with_water",
]  # fmt: skip
