"""What a set consists of: each product is made into the set's folder from the edition alone."""

from riskmap.reports import booklet, handbook, report, rolling, sheets, three_lists
from riskmap.reports.made import Made, Product, Tell

__all__ = ["Made", "Product", "Tell", "products"]


def products() -> tuple[Product, ...]:
    """In the order in which they are made and shown."""
    return (
        Product("three-lists", "三单", 2.0, three_lists.make),
        Product("map", "分布图", 3.0, sheets.make),
        Product("booklet", "图册", 3.0, booklet.make),
        Product("report", "报告", 2.0, report.make),
        Product("handbook", "手册", 1.5, handbook.make),
        Product("rolling", "滚动排查清单", 1.0, rolling.make),
    )
