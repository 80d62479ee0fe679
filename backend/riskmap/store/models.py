"""The register's tables as SQLAlchemy knows them; a test holds them equal to the migrated database."""

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Double,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, DATERANGE, INT8RANGE, JSONB

from riskmap.base.crs import CGCS2000

metadata = MetaData()


def _point(name: str) -> Column[object]:
    return Column(name, Geometry("POINT", srid=CGCS2000, spatial_index=False))


def _object_columns() -> list[Column[object]]:
    """What an object and each of its versions hold, beside the id."""
    return [
        Column("state", BigInteger, nullable=False),
        Column("updated_at", DateTime(timezone=True), nullable=False),
        Column("valid_from", Date, nullable=False),
        Column("valid_to", Date),
        Column("ended_reason", Text),
        Column("class", Text, nullable=False),
        Column("class_version", Integer, nullable=False),
        Column("code", Text),
        Column("name", Text, nullable=False),
        Column("parent", BigInteger),
        Column("enterprise", BigInteger),
        Column("division", Text, nullable=False),
        Column("division_public", Text, nullable=False),
        Column("stage", Text, nullable=False),
        Column("grade", SmallInteger, nullable=False),
        Column("level_scale", Text),
        Column("level_value", Text),
        Column("level_rank", SmallInteger),
        Column("grading", JSONB, nullable=False),
        Column("position_quality", Text, nullable=False),
        Column("source", Text, nullable=False),
        Column("verified", Boolean, nullable=False),
        Column("visibility", SmallInteger, nullable=False),
        Column("department", Text, nullable=False),
        Column("tags", ARRAY(Text), nullable=False),
        Column("attributes", JSONB, nullable=False),
        Column("original", JSONB),
        Column("geom", Geometry("GEOMETRY", srid=CGCS2000, spatial_index=False)),
        _point("anchor"),
        Column("gx", BigInteger),
        Column("gy", BigInteger),
        Column("span", Double, nullable=False),
        Column("cell", BigInteger),
        Column("cover", ARRAY(BigInteger)),
        _point("geom_public"),
        Column("gx_public", BigInteger),
        Column("gy_public", BigInteger),
        Column("cell_public", BigInteger),
        Column("spelling", Text, nullable=False),
        Column("level_outside", Text),
        Column("level_verdict", Text),
    ]


risk_object = Table("risk_object", metadata, Column("id", BigInteger, primary_key=True), *_object_columns())

object_version = Table(
    "object_version",
    metadata,
    Column("version_id", BigInteger, primary_key=True),
    Column("valid", DATERANGE, nullable=False),
    Column("known", INT8RANGE, nullable=False),
    Column("actor", Text, nullable=False),
    Column("id", BigInteger, nullable=False),
    *_object_columns(),
)

# Columns that a writer sets, in the tables' order.
COLUMNS: tuple[str, ...] = tuple(c.name for c in risk_object.columns)
