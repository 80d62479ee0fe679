"""The picture of the map within the report."""

from riskmap.reports import sheets
from riskmap.reports.edition import Edition


def overview(edition: Edition) -> bytes | None:
    """较大以上风险 on an A4 sheet as PNG; None where nothing would stand on it: the report then says so in words."""
    figures = edition.figures.body
    shown = sheets.shown(edition.selection)
    placed = sum(figures["totals"][g] - figures["unplaced"][g] for g in shown)
    return sheets.overview(edition) if placed else None
