"""The lists that are handed in, in the order in which they are made."""

from riskmap.lists.sheets import due, exposed, hazards, risks
from riskmap.lists.sheets.parts import SheetList

SHEETS: dict[str, SheetList] = {one.name: one for one in (hazards.LIST, exposed.LIST, risks.LIST, due.LIST)}
