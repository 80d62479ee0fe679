"""The command line: start, serve, migrate, load, export, backup, restore, admin."""

import logging
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import FrameType

import click
from pydantic import ValidationError
from sqlalchemy import Engine

from riskmap import backup as backups
from riskmap.access.admin import ensure_first_administrator
from riskmap.access.commands import admin
from riskmap.access.reader import SYSTEM
from riskmap.base import clock, database
from riskmap.base.cluster import ClusterError, PrivateCluster
from riskmap.base.database import app_url, make_engine
from riskmap.base.errors import RiskmapError
from riskmap.base.migrate import migrate as migrate_database
from riskmap.base.settings import Settings
from riskmap.catalogue.model import VISIBILITIES
from riskmap.catalogue.seed import Seeded, seed
from riskmap.register import load as loading
from riskmap.register.first_grades import grade_first
from riskmap.rescue import roads_service as roads
from riskmap.rescue import terrains
from riskmap.rescue.demo import load_readings
from riskmap.rescue.roads import Summary
from riskmap.rescue.roads_table import Wanted
from riskmap.rescue.routing import building, tiles

log = logging.getLogger(__name__)
_NIGHT_HOUR = 2
_NIGHT_CHECK_S = 600


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        for wrong in error.errors():
            name = "RISKMAP_" + "_".join(str(part) for part in wrong["loc"]).upper()
            click.echo(f"环境变量 {name} 有误：{wrong['msg']}", err=True)
        sys.exit(2)


@contextmanager
def _database(settings: Settings, *, share: bool = True) -> Iterator[Settings]:
    """Settings with a running database: the given one, else the private cluster, started if need be.

    With `share`, a cluster that another process of ours runs is used as it is.
    """
    if settings.database_url:
        yield settings
        return
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    running = PrivateCluster.running_url(settings.data_dir) if share else None
    if running:
        yield settings.model_copy(update={"database_url": running})
        return
    with PrivateCluster(settings.data_dir) as url:
        yield settings.model_copy(update={"database_url": url})


@contextmanager
def _engine() -> Iterator[tuple[Engine, Settings]]:
    with _database(_settings()) as settings:
        engine = make_engine(app_url(settings), pool_size=2)
        try:
            yield engine, settings
        finally:
            engine.dispose()


@click.group()
@click.version_option(package_name="riskmap")
@click.pass_context
def main(context: click.Context) -> None:
    """风险一张图：城市安全风险一张图服务。"""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    context.obj = _engine


main.add_command(admin)


def _prepare(settings: Settings) -> None:
    """Tables, catalogue, first administrator, demo: each step safe to repeat."""
    migrate_database(settings)
    engine = make_engine(app_url(settings), pool_size=2)
    try:
        _seed(engine)
        password = ensure_first_administrator(engine, settings)
        if password:
            click.echo("\n  首次启动，已建立管理员账号（密码只显示这一次，请登录后修改）：")
            click.echo(f"    用户名 admin    密码 {password}\n")
        if settings.demo != "none" and not loading.demo_is_loaded(settings):
            click.echo("  正在装入演示城市……")
            count = loading.load_demo(engine, settings, settings.demo)
            click.echo(
                f"  已装入演示对象 {count} 个（演示数据，非真实）" if count else "  库中已有数据，未装入演示城市"
            )
        _load_demo_roads(engine, settings)
        _prepare_routing(engine, settings)
        _load_demo_terrain(engine, settings)
        if settings.demo != "none" and loading.demo_is_loaded(settings):
            load_readings(engine, settings, settings.demo)
    finally:
        engine.dispose()


def _seed(engine: Engine) -> Seeded:
    with database.write(engine, SYSTEM.settings(write=True)) as connection:
        seeded = seed(connection)
        graded = grade_first(connection, seeded.ruled)
    if graded:
        click.echo(f"  新版有了规则的分类，已按规则首次定级 {graded} 个对象")
    if seeded.kept:
        click.echo(f"  本单位改过的条目保持不变，与随产品提供的不同：{'、'.join(seeded.kept)}")
    return seeded


def _load_demo_roads(engine: Engine, settings: Settings) -> None:
    """With the demo city, also one that was loaded before it had roads."""
    if loading.demo_is_loaded(settings) and (count := roads.load_demo(engine, settings)):
        click.echo(f"  已装入演示路网 {count} 条（演示数据，非真实）")


def _load_demo_terrain(engine: Engine, settings: Settings) -> None:
    """Likewise its terrain."""
    if loading.demo_is_loaded(settings) and terrains.load_demo(engine, settings):
        click.echo("  已装入演示地形（演示数据，非真实）")


def _prepare_routing(engine: Engine, settings: Settings) -> None:
    """Tiles that are missing keep nobody from starting: distances are straight lines then."""
    try:
        said = building.prepare(engine, settings, lambda *_: None)
    except (RiskmapError, OSError, ImportError) as error:
        said = f"路线数据没有生成，救援的路程按直线距离计算：{error}"
    if said:
        click.echo(f"  {said}")


def _check_network(settings: Settings) -> None:
    """Opening to a network needs TLS here, or a stated proxy that does it."""
    if settings.is_loopback or settings.proxy or (settings.tls_cert and settings.tls_key):
        return
    raise click.ClickException(
        f"RISKMAP_HOST={settings.host} 会向网络开放。请设置 RISKMAP_TLS_CERT 和 RISKMAP_TLS_KEY（证书与私钥文件），"
        "或用 RISKMAP_PROXY=https://域名 说明前面的 TLS 代理。"
    )


def _serve(settings: Settings) -> None:
    import uvicorn

    from riskmap.app import create_app

    scheme = "https" if settings.tls_cert else "http"
    click.echo(f"  风险一张图已启动：{scheme}://{settings.host}:{settings.port}/   （Ctrl-C 停止）")
    sys.stdout.flush()
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        proxy_headers=bool(settings.proxy),
        server_header=False,
        timeout_graceful_shutdown=8,
        h11_max_incomplete_event_size=65536,
    )


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _back_up_nightly(settings: Settings) -> None:
    """Once a night, from two o'clock on in Shanghai, where the newest backup is of another day."""
    while True:
        time.sleep(_NIGHT_CHECK_S)
        newest = backups.newest(backups.folder_of(settings))
        today = clock.today().strftime("%Y%m%d")
        if clock.now().hour < _NIGHT_HOUR or (newest and newest.name[8:16] == today):
            continue
        try:
            backups.backup(settings, tell=log.info)
        except Exception:  # it must not end the nights to come; the age at the next start tells
            log.exception("nightly backup failed")


@main.command()
def start() -> None:
    """数据库、结构、演示数据、服务，一次启动；停止时全部停止。"""
    settings = _settings()
    _check_network(settings)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGHUP, _stop)
    click.echo(f"  数据目录：{settings.data_dir}")
    try:
        with _database(settings, share=False) as ready:
            _prepare(ready)
            newest = backups.newest(backups.folder_of(ready))
            age = backups.age(newest) if newest else "还没有"
            click.echo(f"  最近的备份：{age}（每天凌晨自动备份，保留 {backups.KEPT} 份）")
            threading.Thread(target=_back_up_nightly, args=(ready,), name="nightly-backup", daemon=True).start()
            _serve(ready)
    except (RiskmapError, ClusterError) as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        pass
    click.echo("  已停止。")


@main.command()
def serve() -> None:
    """只启动服务；数据库须已运行并已 migrate。"""
    settings = _settings()
    _check_network(settings)
    try:
        with _database(settings) as ready:
            _serve(ready)
    except (RiskmapError, ClusterError) as error:
        raise click.ClickException(str(error)) from error


@main.command()
def migrate() -> None:
    """建立或升级数据库结构、角色、扩展，并更新随产品提供的分类目录。"""
    try:
        with _database(_settings()) as settings:
            migrate_database(settings)
            engine = make_engine(app_url(settings), pool_size=2)
            try:
                _seed(engine)
                if (password := ensure_first_administrator(engine, settings)) is not None:
                    click.echo(f"  管理员 admin 的初始密码（只显示这一次）：{password}")
            finally:
                engine.dispose()
    except (RiskmapError, ClusterError) as error:
        raise click.ClickException(str(error)) from error
    click.echo("  数据库已就绪。")


@main.group()
def load() -> None:
    """装入数据：区划、对象、地名地址、路网、地形、演示城市。"""


@load.command("divisions")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load_divisions(file: Path) -> None:
    """区划边界（GeoJSON，CGCS2000 经纬度；属性 code、name、level、parent）。"""
    with (
        _refusals(),
        _engine() as (engine, _),
        database.write(engine, SYSTEM.settings(write=True)) as connection,
    ):
        click.echo(f"  已装入区划 {loading.load_divisions(connection, file)} 个。")


@load.command("objects")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load_objects(file: Path) -> None:
    """对象（每行一个 JSON，内容同 POST /api/objects）；全部装入，或一个也不装。"""
    with _refusals(), _engine() as (engine, settings):
        with database.write(engine, SYSTEM.settings(write=True)) as connection:
            count = loading.load_objects(connection, settings, file, f"装入 {file.name}")
        click.echo(f"  已装入对象 {count} 个。")


@load.command("addresses")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", help="来源名称，同名来源的旧数据整体替换；默认用文件名")
@click.option(
    "--crs", help="坐标基准（EPSG:4490、EPSG:4326、GCJ02、BD09、EPSG:4528 等）；默认看文件和表头，再按 CGCS2000"
)
@click.option(
    "--visibility", type=click.Choice(VISIBILITIES), default="department", show_default=True, help="谁可以查到"
)
def load_addresses(file: Path, source: str | None, crs: str | None, visibility: str) -> None:
    """地名地址（xlsx、csv、GeoJSON、SHP；名称或地址、经度、纬度，可有类别、坐标基准）；全部装入，或一行也不装。"""
    with (
        _refusals(),
        _engine() as (engine, settings),
        database.write(engine, SYSTEM.settings(write=True)) as connection,
    ):
        name = (source or file.stem)[:100]
        level = VISIBILITIES.index(visibility)
        count = loading.load_addresses(connection, settings, file, source=name, visibility=level, crs=crs)
        click.echo(f"  已装入“{name}”地名地址 {count} 条。")


@load.command("roads")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", help="路网的名称；默认用文件名")
@click.option("--source", help="来源；OSM 文件默认写 OpenStreetMap")
@click.option("--licence", help="许可；OSM 文件默认写 ODbL 1.0")
@click.option("--dated", type=click.DateTime(["%Y-%m-%d"]), help="数据日期；OSM 文件默认看文件头")
@click.option(
    "--crs", help="坐标基准（EPSG:4490、EPSG:4326、GCJ02、BD09、EPSG:4528 等）；默认看文件，文件没有写明的必须指定"
)
@click.option("--layer", help="图层（GPKG 有几层时）")
@click.option("--class-field", help="写道路等级的列；默认按列名找")
def load_roads(
    file: Path,
    name: str | None,
    source: str | None,
    licence: str | None,
    dated: datetime | None,
    crs: str | None,
    layer: str | None,
    class_field: str | None,
) -> None:
    """路网（.osm.pbf、.osm、SHP 或其 zip、GPKG、GeoJSON），整体替换现有路网；全部装入，或一条也不装。"""
    wanted = Wanted(crs, layer, class_field)
    about = roads.About(name, source, licence, dated.date() if dated else None, wanted)
    with _refusals(), _engine() as (engine, settings):
        _, summary = roads.load(engine, settings, file, about, _progress())
        _tell_roads(summary)
        _build_roads(engine, settings, again=False)


def _tell_roads(summary: Summary) -> None:
    click.echo(f"  {roads.message_of(summary)}")
    body = summary.body()
    for one in body["by_class"]:
        click.echo(f"    {one['title']} {one['rows']:,} 条，{one['length_m'] / 1000:,.1f} km")
    for one in body["left_out"]:
        click.echo(f"    未装入：{one['title']} {one['rows']:,} 条")
    for note in body["notes"]:
        click.echo(f"  注意：{note}")


@main.command("build-roads")
def build_roads() -> None:
    """由现有路网重新生成路线数据（装入路网时自动生成；损坏了用它重做）。"""
    with _refusals(), _engine() as (engine, settings):
        _build_roads(engine, settings, again=True)


def _build_roads(engine: Engine, settings: Settings, *, again: bool) -> None:
    if not tiles.is_installed():
        click.echo("  没有安装路线引擎，路程按直线距离计算。")
        return
    built = tiles.build(engine, settings, _progress(), again=again)
    if built is None:
        click.echo("  没有装入路网，没有生成路线数据。")
        return
    click.echo(f"  路线数据已生成：{built['stretches']:,} 段，{built['bytes'] / 1e6:,.1f} MB， {built['took_s']} 秒。")
    if built["left_out"]:
        click.echo(f"  禁止通行的路 {built['left_out']:,} 条不参与算路。")


def _progress() -> Callable[[str, float], None]:
    """Tell each phase, and every tenth of the whole."""
    told: set[tuple[str, int]] = set()

    def tell(phase: str, share: float) -> None:
        step = phase, int(share * 10)
        if step not in told:
            told.add(step)
            click.echo(f"  {phase}……{share:.0%}")

    return tell


@load.command("terrain")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", help="名称；默认用文件名")
@click.option("--height-system", required=True, type=click.Choice(terrains.HEIGHT_SYSTEMS), help="高程基准")
@click.option("--source", default="", help="来源")
@click.option("--licence", default="", help="使用许可")
@click.option("--dated", default="", help="测制日期，按来源的写法")
@click.option("--crs", help="文件没有写明时的坐标系，如 EPSG:4548")
def load_terrain(
    file: Path, name: str | None, height_system: str, source: str, licence: str, dated: str, crs: str | None
) -> None:
    """地形栅格（GeoTIFF 或 HGT，值为米），供救援按水位推算淹没范围；整份装入，或不装。"""
    about = terrains.About((name or file.stem)[:100], height_system, source[:200], licence[:200], dated[:200], crs)
    with _refusals(), _engine() as (engine, settings), file.open("rb") as body:
        taken = terrains.take(engine, settings, SYSTEM, body, file.name, about, tell=_progress())
        click.echo(
            f"  已装入地形“{taken['name']}”：{taken['rows']} 行 {taken['cols']} 列，格约 {taken['cell_m']:.1f} m，"
            f"无数据 {taken['voids']} 格，高程 {taken['lowest_m']}～{taken['highest_m']} m（{height_system}）。"
        )


@load.command("demo")
def load_demo() -> None:
    """演示城市九江（只在空库中）。"""
    with _refusals(), _engine() as (engine, settings):
        count = loading.load_demo(engine, settings, "jiujiang")
        click.echo(f"  已装入演示对象 {count} 个。" if count else "  库中已有数据，未装入。")
        _load_demo_roads(engine, settings)
        _load_demo_terrain(engine, settings)


@main.command()
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), help="备份文件夹，默认在数据目录下")
@click.option("--keep", type=click.IntRange(1, 1000), default=backups.KEPT, show_default=True, help="保留份数")
def backup(folder: Path | None, keep: int) -> None:
    """备份数据库和数据目录中的文件；服务不用停。"""
    with _refusals(), _database(_settings()) as settings:
        backups.backup(settings, folder, keep=keep, tell=click.echo)


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--force", is_flag=True, help="替换现有数据")
def restore(file: Path | None, force: bool) -> None:
    """从备份恢复；不指明文件则用最新的一份。先停止服务。"""
    with _refusals(), _database(_settings()) as settings:
        chosen = file or backups.newest(backups.folder_of(settings))
        if chosen is None:
            raise click.ClickException(f"{backups.folder_of(settings)} 中没有备份文件。")
        backups.restore(settings, chosen, force=force, tell=click.echo)


@main.group()
def export() -> None:
    """导出数据。"""


@export.command("objects")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--class", "classes", multiple=True, help="分类代码，可重复；不给即全部")
@click.option("--as-of", help="日期或 state:状态号")
def export_objects(file: Path, classes: tuple[str, ...], as_of: str | None) -> None:
    """对象（每行一个 JSON，可用 load objects 装入别处），含已关闭、已销号的。"""
    with _refusals(), _engine() as (engine, settings), database.read(engine, SYSTEM.settings()) as connection:
        count = loading.export_objects(connection, settings, file, classes, as_of)
        click.echo(f"  已导出对象 {count} 个：{file}")


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except (RiskmapError, ClusterError) as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
