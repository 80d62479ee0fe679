"""The way: routes, matrices and reach on the roads that a flood and closures leave to a vehicle.

`matrix` and `route` are what the plan and the evacuation ask; the page asks the same over HTTP. A leg is None where
there is no way (无法到达): never 0, and `what_cuts` proves why. Where there are no tiles, or the engine fails, legs are
straight lines and say so.
"""

from riskmap.rescue.routing.answers import Answer, BoatLeg, End, Leg, Place, Route, Vehicle
from riskmap.rescue.routing.cuts import MOST_CUTS, Cut, what_cuts
from riskmap.rescue.routing.router import CROSSED, IN_A_MOMENT, Router
from riskmap.rescue.routing.service import (
    Looked,
    in_water_m,
    look,
    look_each,
    matrix,
    matrix_of,
    reach,
    route,
    route_of,
    spoilt,
    unanswered,
)

__all__ = [
    "CROSSED", "IN_A_MOMENT", "MOST_CUTS", "Answer", "BoatLeg", "Cut", "End", "Leg", "Looked", "Place", "Route",
    "Router", "Vehicle", "in_water_m", "look", "look_each", "matrix", "matrix_of", "reach", "route", "route_of",
    "spoilt", "unanswered", "what_cuts",
]  # fmt: skip
