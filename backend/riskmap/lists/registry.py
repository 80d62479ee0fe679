"""The lists, in the order in which they are offered."""

from riskmap.lists import (
    completeness,
    coverage,
    graded,
    inventory,
    major_hazards,
    neighbours,
    parks,
    responsible,
    rolling,
    scores,
    tank_farms,
    targets,
)
from riskmap.lists.model import Listing

LISTS: dict[str, Listing] = {
    one.name: one
    for one in (
        major_hazards.LIST,
        major_hazards.CHANGES,
        graded.MAJOR,
        graded.SERIOUS,
        *graded.CHANGES,
        completeness.LIST,
        rolling.LIST,
        targets.LIST,
        neighbours.LIST,
        tank_farms.FARMS,
        tank_farms.TANKS,
        tank_farms.ENTERPRISES,
        parks.LIST,
        scores.LIST,
        coverage.LIST,
        inventory.LIST,
        responsible.LIST,
    )
}
