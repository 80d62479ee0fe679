"""What the report says, chapter by chapter: sentences whose numbers are the figures', and room for the author.

Where the figures are silent the report says so: 无 where there is nothing, 未统计 where it was not asked, and what an
author has to write. Not assessed is never low, and not registered is never without risk.
"""

from riskmap.reports.content.annexes import major_list, proof, serious_counts
from riskmap.reports.content.assessed import assessed, regional, vulnerable
from riskmap.reports.content.blocks import Block, whole
from riskmap.reports.content.closing import conclusion, control, products
from riskmap.reports.content.facts import Facts
from riskmap.reports.content.opening import city, general, identified, methods


def report(facts: Facts) -> list[Block]:
    """All chapters."""
    return whole(
        [
            general(facts),
            city(facts),
            identified(facts),
            methods(facts),
            assessed(facts),
            vulnerable(facts),
            regional(facts),
            products(facts),
            control(facts),
            conclusion(facts),
            major_list(facts),
            serious_counts(facts),
            proof(facts),
        ]
    )
