"""The database itself holds: roles, row security, append-only audit, index use, models equal to tables."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import shapely
from geoalchemy2 import Geometry
from sqlalchemy import Engine, create_engine, event, inspect, text
from sqlalchemy.exc import DBAPIError

from riskmap.access import queries, trail
from riskmap.access.reader import PUBLIC, SYSTEM, Reader
from riskmap.base import database
from riskmap.base.database import superuser_url
from riskmap.base.migrate import NotReady, check_ready, migrate
from riskmap.base.settings import Settings
from riskmap.engine.postgis import PostgisEngine
from riskmap.register import queries as list_queries
from riskmap.register import service
from riskmap.register.draft import ObjectDraft
from riskmap.selection.model import Selection
from riskmap.store.models import metadata
from riskmap.store.place import place_of


@pytest.fixture(scope="module")
def crowd(engine: Engine, settings: Settings) -> int:
    """Twelve thousand schools on a grid, so that the planner has a reason for an index."""
    from riskmap.catalogue.queries import CatalogueCache
    from riskmap.store.snapshot import open_snapshot

    drafts = [
        ObjectDraft.model_validate(
            {
                "class": "school",
                "name": f"例{i}号小学",
                "geometry": {"type": "Point", "coordinates": [115 + (i % 120) / 100, 29 + (i // 120) / 100]},
                "division": "360402" if i % 7 else "360429",
                "visibility": ("public", "department", "command")[i % 3],
            }
        )
        for i in range(12_000)
    ]
    with database.write(engine, SYSTEM.settings(write=True)) as connection:
        n = service.create_many(open_snapshot(connection, SYSTEM, CatalogueCache(), 7), drafts, settings.bounds, "一批")
    owner = create_engine(superuser_url(settings), isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.execute(text("VACUUM ANALYZE risk_object"))
    owner.dispose()
    return n


def test_the_application_owns_nothing_and_bypasses_nothing(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT current_user")) == "riskmap_app"
        row = connection.execute(
            text("SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user")
        ).one()
        assert tuple(row) == (False, False, False, False)
        assert connection.scalar(text("SELECT count(*) FROM pg_class WHERE relowner = 'riskmap_app'::regrole")) == 0
        forced = connection.execute(
            text("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity ORDER BY 1")
        ).scalars()
        assert set(forced) >= {"risk_object", "object_version", "object_party", "object_relation"}


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM risk_object",
        "DELETE FROM object_version",
        "DELETE FROM audit_entry",
        "UPDATE audit_entry SET actor = 'x'",
        "TRUNCATE audit_entry",
        "DROP TABLE risk_object",
        "CREATE TABLE mine (x int)",
        "ALTER TABLE risk_object DISABLE ROW LEVEL SECURITY",
        "SET ROLE riskmap_owner",
        "SET SESSION AUTHORIZATION postgres",
        "DELETE FROM state_log",
        "DELETE FROM account",
    ],
)
def test_the_application_may_not(engine: Engine, statement: str) -> None:
    with pytest.raises(DBAPIError) as refused, engine.begin() as connection:
        connection.execute(text(statement))
    assert refused.value.orig.pgcode in {"42501", "P0001"}  # type: ignore[union-attr]


def test_even_the_owner_cannot_change_the_audit(settings: Settings, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO audit_entry (actor, action, kind) VALUES ('t', 't', 't')"))
    owner = create_engine(superuser_url(settings))
    for statement in ("UPDATE audit_entry SET actor = 'x'", "DELETE FROM audit_entry"):
        with pytest.raises(DBAPIError), owner.begin() as connection:
            connection.execute(text(statement))
    owner.dispose()


@pytest.mark.usefixtures("crowd")
def test_without_rights_there_are_no_rows(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM risk_object")) == 0
        assert connection.scalar(text("SELECT count(*) FROM object_version")) == 0
        assert connection.scalar(text("SELECT count(*) FROM search_objects('小学')")) == 0


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize(
    ("reader", "expected"),
    [
        (SYSTEM, 12_000),
        (PUBLIC, 4_000),
        (Reader("account", "a", role="reader", tier=1), 8_000),
        (Reader("account", "a", role="reader", tier=2), 12_000),
        (Reader("account", "a", role="reader", tier=0), 4_000),
        (Reader("account", "a", role="reader", tier=2, areas=("360429",)), 1_715 + 4_000 - 572),
        (Reader("account", "a", role="reader", tier=2, classes=("tank",)), 4_000),
        (Reader("account", "a", role="reader", tier=2, departments=('x","教育局',)), 4_000),
        (Reader("account", "a", role="reader", tier=2, departments=("教育局",)), 12_000),
    ],
)
def test_row_security_alone_shows_what_the_rights_say(engine: Engine, reader: Reader, expected: int) -> None:
    with database.read(engine, reader.settings()) as connection:
        assert connection.scalar(text("SELECT count(*) FROM risk_object")) == expected
        assert connection.scalar(text("SELECT count(*) FROM object_version")) == expected
        assert connection.scalar(text("SELECT count(*) FROM search_objects('小学')")) == expected


@pytest.mark.usefixtures("crowd")
def test_row_security_alone_refuses_a_foreign_write(engine: Engine) -> None:
    editor = Reader("account", "e", role="editor", tier=1, areas=("360429",))
    reader = Reader("account", "r", role="reader", tier=2)
    with database.write(engine, editor.settings(write=True)) as connection:
        changed = connection.execute(text("UPDATE risk_object SET source = 'x' WHERE division = '360402'"))
        assert changed.rowcount == 0
        with pytest.raises(DBAPIError):
            connection.execute(
                text("UPDATE risk_object SET division = '360402' WHERE division = '360429' AND visibility = 1")
            )
    with database.write(engine, reader.settings(write=True)) as connection:
        assert connection.execute(text("UPDATE risk_object SET source = 'x'")).rowcount == 0


def plans(engine: Engine, reader: Reader, ask: Any, settings: Settings) -> str:
    """EXPLAIN of every statement that a question of the engine runs under row security."""
    from riskmap.catalogue.queries import CatalogueCache
    from riskmap.store.snapshot import open_snapshot

    seen: list[str] = []
    with database.read(engine, reader.settings()) as connection:
        snapshot = open_snapshot(connection, reader, CatalogueCache(), 7)

        def remember(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
            if "risk_object" in statement and not statement.startswith("EXPLAIN"):
                with conn.connection.cursor() as other:
                    other.execute("EXPLAIN " + statement, parameters)
                    seen.append("\n".join(row[0] for row in other.fetchall()))

        event.listen(engine, "before_cursor_execute", remember)
        try:
            ask(snapshot)
        finally:
            event.remove(engine, "before_cursor_execute", remember)
    assert seen
    return "\n".join(seen)


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize(
    "reader",
    [
        Reader("account", "c", role="reader", tier=2),
        Reader("account", "t", role="reader", tier=1, areas=("360429",)),
        PUBLIC,
    ],
    ids=["command", "town", "public"],
)
def test_the_spatial_index_is_used_under_row_security(engine: Engine, reader: Reader, settings: Settings) -> None:
    questions = PostgisEngine()
    selection = Selection()
    box = Selection(bbox=(115.5, 29.5, 115.52, 29.52))
    asks = {
        "tile": lambda s: questions.tile(s, selection, 13, 6727, 3386),
        "near": lambda s: questions.near(s, selection, 115.5, 29.5, 800),
        "box": lambda s: questions.count(s, box, ()),
    }
    for name, ask in asks.items():
        plan = plans(engine, reader, ask, settings)
        assert re.search(r"Index (Only )?Scan (using|on) risk_object_(anchor|geom|shape|geom_public)", plan), (
            f"{name}\n{plan}"
        )
        assert "Seq Scan on risk_object" not in plan, f"{name}\n{plan}"


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize("reader", [Reader("account", "c", role="reader", tier=2), PUBLIC], ids=["command", "public"])
@pytest.mark.parametrize("sort", ["name", "-name"])
def test_a_page_by_name_is_read_from_the_index_however_deep(
    engine: Engine, reader: Reader, sort: str, settings: Settings
) -> None:
    def ask(s: Any) -> Any:
        order = list_queries.parse_sort(sort, s, Selection())
        first = list_queries.page(s, Selection(), order, 5, None)
        return list_queries.page(s, Selection(), order, 5, list_queries.After(first[-1]["key"], first[-1]["id"]))

    plan = plans(engine, reader, ask, settings)
    assert plan.count("risk_object_name") == 2, plan
    assert "Seq Scan on risk_object" not in plan, plan


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize(
    "reader",
    [
        Reader("account", "a", role="auditor", tier=0),
        Reader("account", "a", role="auditor", tier=1),
        Reader("account", "a", role="auditor", tier=1, areas=("360402",)),
    ],
    ids=["public", "department", "town"],
)
def test_the_trail_of_a_limited_auditor_looks_objects_up_by_their_number(
    engine: Engine, settings: Settings, reader: Reader
) -> None:
    filters = dict.fromkeys(("kind", "ref", "actor", "action", "result", "text", "since", "until", "before"))
    within = trail.limit_of(reader)
    asks = {
        "page and total": lambda s: trail.page(s.connection, reader, filters, 100),
        "of objects": lambda s: trail.page(s.connection, reader, {**filters, "kind": "object"}, 100),
        "file": lambda s: list(queries.audit_rows(s.connection, filters, within)),
    }
    for name, ask in asks.items():
        plan = plans(engine, reader, ask, settings)
        assert "Index Scan using risk_object_pkey" in plan, f"{name}\n{plan}"
        assert "Seq Scan on risk_object" not in plan, f"{name}\n{plan}"


@pytest.mark.usefixtures("crowd")
def test_without_leakproof_the_service_does_not_start(engine: Engine, settings: Settings) -> None:
    owner = create_engine(superuser_url(settings))
    with owner.begin() as connection:
        connection.execute(text("ALTER FUNCTION geometry_overlaps(geometry, geometry) NOT LEAKPROOF"))
    with pytest.raises(NotReady, match="LEAKPROOF"):
        check_ready(engine)
    migrate(settings)
    check_ready(engine)
    owner.dispose()


def test_where_the_order_of_names_is_another_icus_the_index_is_built_anew(engine: Engine, settings: Settings) -> None:
    owner = create_engine(superuser_url(settings))
    file_of = text("SELECT pg_relation_filenode('risk_object_name'::regclass)")
    with owner.begin() as connection:
        before = connection.scalar(file_of)
        assert connection.scalar(text("SELECT collprovider FROM pg_collation WHERE collname = 'pinyin'")) == "i"
        connection.execute(text("UPDATE pg_collation SET collversion = '1.2.3' WHERE collname = 'pinyin'"))
    with pytest.raises(NotReady, match="拼音"):
        check_ready(engine)
    migrate(settings)
    check_ready(engine)
    with owner.connect() as connection:
        after = connection.scalar(file_of)
    assert after != before
    migrate(settings)
    with owner.connect() as connection:
        assert connection.scalar(file_of) == after, "once is enough"
    owner.dispose()


@pytest.fixture
def made_without_icu(settings: Settings) -> Iterator[Engine]:
    """Connections as superuser to a database whose names have the order that migration 0010 falls back on."""
    owner = create_engine(superuser_url(settings))
    made = ("DROP INDEX risk_object_name", "DROP COLLATION pinyin", "CREATE COLLATION pinyin {}", *MADE_ANEW)

    def make(order: str) -> None:
        with owner.begin() as connection:
            for statement in made:
                connection.execute(text(statement.format(order)))

    make('FROM "C"')
    try:
        yield owner
    finally:
        make("(provider = icu, locale = 'zh-u-kn-true')")
        owner.dispose()


MADE_ANEW = (
    "ALTER COLLATION pinyin OWNER TO riskmap_owner",
    "CREATE INDEX risk_object_name ON risk_object (name COLLATE pinyin, id)",
)


def order_of(owner: Engine) -> list[str]:
    with owner.connect() as connection:
        names = text(
            "SELECT n FROM unnest(ARRAY['张库', '艾库', '张库10号', '张库2号']) AS n ORDER BY n COLLATE pinyin"
        )
        return list(connection.scalars(names))


def test_a_server_without_icu_sorts_by_code_point_and_migrate_says_so(
    settings: Settings, made_without_icu: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    # What a server that is built without ICU answers.
    no_icu = (
        "CREATE FUNCTION no_icu() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'ICU is not supported in this build' USING ERRCODE = 'feature_not_supported'; END $$;"
        "CREATE EVENT TRIGGER no_icu ON ddl_command_start WHEN TAG IN ('CREATE COLLATION') EXECUTE FUNCTION no_icu()"
    )
    with made_without_icu.begin() as connection:
        connection.execute(text(no_icu))
    try:
        migrate(settings)
    finally:
        with made_without_icu.begin() as connection:
            connection.execute(text("DROP EVENT TRIGGER no_icu; DROP FUNCTION no_icu()"))
    assert "ICU is not supported in this build" in caplog.text
    assert order_of(made_without_icu) == ["张库", "张库10号", "张库2号", "艾库"]
    with made_without_icu.connect() as connection:
        assert connection.scalar(text("SELECT to_regclass('risk_object_name') IS NOT NULL"))


def test_a_database_made_without_icu_gets_the_order_of_pinyin_once_there_is_one(
    settings: Settings, engine: Engine, made_without_icu: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    migrate(settings)
    assert "ICU" not in caplog.text
    assert order_of(made_without_icu) == ["艾库", "张库", "张库2号", "张库10号"]
    with made_without_icu.connect() as connection:
        index = connection.scalar(text("SELECT pg_get_indexdef('risk_object_name'::regclass)"))
    assert index.endswith("(name COLLATE pinyin, id)")
    check_ready(engine)


def test_the_superuser_may_not_serve(settings: Settings) -> None:
    owner = create_engine(superuser_url(settings))
    with pytest.raises(NotReady):
        check_ready(owner)
    owner.dispose()


def test_migrate_prints_the_dbas_sql_where_it_is_no_superuser(settings: Settings, engine: Engine) -> None:
    plain = settings.model_copy(update={"database_url": engine.url.render_as_string(hide_password=False)})
    with pytest.raises(NotReady) as refused:
        migrate(plain)
    for word in ("CREATE EXTENSION IF NOT EXISTS postgis", "CREATE ROLE riskmap_owner", "LEAKPROOF"):
        assert word in refused.value.detail


def test_models_and_tables_are_the_same(engine: Engine) -> None:
    found = inspect(engine)
    for table in metadata.sorted_tables:
        columns = {c["name"]: c for c in found.get_columns(table.name)}
        assert set(columns) == {c.name for c in table.columns}
        for column in table.columns:
            assert columns[column.name]["nullable"] == (column.nullable and not column.primary_key), column
            if isinstance(column.type, Geometry):
                there = columns[column.name]["type"]
                assert (there.srid, there.dimension) == (column.type.srid, column.type.dimension), column
                assert (there.geometry_type or "GEOMETRY") == column.type.geometry_type, column
            else:
                spoken = [t.compile(dialect=engine.dialect) for t in (columns[column.name]["type"], column.type)]
                assert spoken[0] == spoken[1], column
    version = [c["name"] for c in found.get_columns("object_version")]
    assert version[4:] == [c["name"] for c in found.get_columns("risk_object")]


def test_versions_of_one_object_cannot_overlap(settings: Settings) -> None:
    owner = create_engine(superuser_url(settings))
    with owner.connect() as connection:
        constraints = connection.scalars(
            text(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'object_version'::regclass AND contype = 'x'"
            )
        ).all()
    owner.dispose()
    assert list(constraints) == ["EXCLUDE USING gist (id WITH =, valid WITH &&, known WITH &&)"]


def test_cover_of_a_polygon_is_every_cell_that_it_meets() -> None:
    import h3

    square = shapely.box(115.99, 29.69, 116.02, 29.72)
    place = place_of(square, 7)
    assert place.cover is not None
    cover = {h3.int_to_str(c) for c in place.cover}
    for lng, lat in [(115.99, 29.69), (116.02, 29.72), (116.0, 29.7), (116.019, 29.691)]:
        assert h3.latlng_to_cell(lat, lng, 9) in cover
    assert h3.cell_to_parent(h3.int_to_str(place.cell or 0), 9) in cover
    for cell in cover:
        ring = shapely.Polygon([(lng, lat) for lat, lng in h3.cell_to_boundary(cell)])
        assert ring.intersects(square) or cell == h3.cell_to_parent(h3.int_to_str(place.cell or 0), 9)


def test_the_engines_distance_is_geodesic(engine: Engine, settings: Settings) -> None:
    from pyproj import Geod

    from riskmap.catalogue.queries import CatalogueCache
    from riskmap.store.snapshot import open_snapshot

    geod = Geod(ellps="GRS80")
    _, _, metres = geod.inv(113.0, 24.0, 113.001, 24.0007)
    with database.write(engine, SYSTEM.settings(write=True)) as connection:
        snapshot = open_snapshot(connection, SYSTEM, CatalogueCache(), 7)
        draft = ObjectDraft.model_validate(
            {"class": "hospital", "name": "远医院", "geometry": {"type": "Point", "coordinates": [113.001, 24.0007]}}
        )
        made = service.create(snapshot, draft, settings.bounds)
    with database.read(engine, SYSTEM.settings()) as connection:
        snapshot = open_snapshot(connection, SYSTEM, CatalogueCache(), 7)
        questions = PostgisEngine()
        [found] = questions.near(snapshot, Selection(classes=("hospital",)), 113.0, 24.0, metres + 0.01)
        assert found.id == made["id"]
        assert found.distance_m == pytest.approx(metres, abs=0.001)
        assert questions.near(snapshot, Selection(classes=("hospital",)), 113.0, 24.0, metres - 0.01) == []
