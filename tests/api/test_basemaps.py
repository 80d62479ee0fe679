"""Basemaps: own archives, 天地图 by the server's key, what an administrator switches, and broken files."""

import http.server
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from starlette.testclient import TestClient
from tests.basemaps import addresses, make_mbtiles, make_pmtiles, png, vector_tile

from riskmap.atlas.basemaps.tianditu import Origin, Tianditu
from riskmap.base.database import superuser_url
from riskmap.base.settings import Settings

KEY = "0123456789abcdef0123456789abcdef"
RED, GREEN = png((200, 30, 30)), png((30, 120, 30))
TILES = addresses(range(6, 10))
AT = next(t for t in TILES if t[0] == 9)


@pytest.fixture(scope="module")
def folder(settings: Settings) -> Path:
    path = settings.data_dir / "basemap" / "tiles"
    path.mkdir(parents=True)
    return path


def declare(admin: TestClient, place: str, **more: Any) -> str:
    answer = admin.post("/api/basemap/sources", json={"place": place, "datum": "CGCS2000", **more})
    assert answer.status_code == 201, answer.text
    source = str(answer.json()["source"])
    assert admin.patch(f"/api/basemap/sources/{source}", json={"enabled": True}).status_code == 200
    return source


def tile_of(client: TestClient, source: str, at: tuple[int, int, int], **params: str) -> Any:
    z, x, y = at
    return client.get(f"/api/basemap/tiles/{source}/{z}/{x}/{y}", params=params)


def listed(client: TestClient) -> dict[str, Any]:
    return {item["source"]: item for item in client.get("/api/basemaps").json()["items"]}


def test_an_mbtiles_file_in_the_folder_is_found_declared_and_served(
    admin: TestClient, client: TestClient, folder: Path
) -> None:
    make_mbtiles(folder / "aerial.mbtiles", TILES, lambda t: RED if t == AT else GREEN, name="九江影像")
    waiting = admin.get("/api/basemap/sources").json()["found"]
    assert [(w["place"], w["type"], w["min_zoom"], w["max_zoom"]) for w in waiting] == [
        ("aerial.mbtiles", "raster", 6, 9)
    ]
    source = declare(admin, "aerial.mbtiles", approval="审图号 试（2026）1 号")
    item = listed(admin)[source]
    assert (item["title"], item["credit"], item["approval"], item["datum"]) == (
        "九江影像",
        "测绘院",
        "审图号 试（2026）1 号",
        "CGCS2000",
    )
    # Row 0 is in the north, though the file counts from the south.
    answer = tile_of(admin, source, AT, v=item["tiles"][0].partition("v=")[2])
    assert answer.content == RED
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert tile_of(admin, source, AT, v="old").headers["cache-control"] == "no-cache"
    assert tile_of(admin, source, (9, 0, 0)).status_code == 204
    assert tile_of(admin, source, (9, 512, 0)).status_code == 404
    assert tile_of(admin, source, (23, 0, 0)).status_code == 404
    # Whoever has not signed in sees it only where the administrator says so.
    assert source not in listed(client)
    assert tile_of(client, source, AT).status_code == 404
    admin.patch(f"/api/basemap/sources/{source}", json={"public": True})
    assert tile_of(client, source, AT).content == RED


def test_a_pmtiles_file_is_uploaded_and_a_broken_one_is_refused(
    admin: TestClient, folder: Path, tmp_path: Path
) -> None:
    body = make_pmtiles(tmp_path / "v.pmtiles", TILES, vector_tile, vector=True).read_bytes()
    answer = admin.put("/api/basemap/files/街道.pmtiles", content=body)
    assert (answer.status_code, answer.json()["type"]) == (201, "vector")
    assert admin.put("/api/basemap/files/街道.pmtiles", content=body).status_code == 409
    source = declare(admin, "街道.pmtiles")
    answer = tile_of(admin, source, AT)
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert b"transportation" in answer.content
    for name, bad in (("半个.pmtiles", body[: len(body) // 2]), ("假.mbtiles", b"<html>" * 100), ("空.pmtiles", b"")):
        answer = admin.put(f"/api/basemap/files/{name}", content=bad)
        assert answer.status_code == 422, name
        assert answer.json()["errors"][0]["message"]
    assert admin.put("/api/basemap/files/a.exe", content=body).status_code == 422
    assert admin.put("/api/basemap/files/..%2F..%2Fa.pmtiles", content=body).status_code in (404, 405, 422)
    assert {p.name for p in folder.iterdir()} <= {"aerial.mbtiles", "街道.pmtiles"}, "nothing half is left"


def test_a_folder_of_tiles_by_either_count_of_rows(admin: TestClient, folder: Path) -> None:
    z, x, y = AT
    for name, row in (("xyz", y), ("tms", (1 << z) - 1 - y)):
        column = folder / name / str(z) / str(x)
        column.mkdir(parents=True)
        (column / f"{row}.png").write_bytes(RED)
    outside = folder.parent.parent / "secrets" / "riskmap_app"
    outside.write_text("secret")
    (folder / "xyz" / str(z) / str(x) / f"{y + 1}.png").symlink_to(outside)
    assert tile_of(admin, declare(admin, "xyz"), AT).content == RED
    assert tile_of(admin, "xyz", (z, x, y + 1)).status_code == 204, "a link leads nowhere outside"
    assert tile_of(admin, declare(admin, "tms", scheme="tms"), AT).content == RED
    answer = admin.post("/api/basemap/sources", json={"place": "../../secrets", "datum": "CGCS2000"})
    assert answer.status_code == 404


def test_broken_files_are_told_in_a_sentence(admin: TestClient, folder: Path) -> None:
    (folder / "broken.pmtiles").write_bytes(b"PMTiles\x03" + b"\xff" * 300)
    (folder / "broken.mbtiles").write_bytes(b"SQLite format 3\x00" + b"\x00" * 4096)
    with sqlite3.connect(folder / "slow.mbtiles") as db:
        db.execute("CREATE TABLE metadata (name text, value text)")
        db.execute(
            "CREATE VIEW tiles AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
            " SELECT i AS zoom_level, i AS tile_column, i AS tile_row, x'00' AS tile_data FROM n WHERE i < 0"
        )
    db.close()
    found = {f["place"]: f for f in admin.get("/api/basemap/sources").json()["found"]}
    for name in ("broken.pmtiles", "broken.mbtiles", "slow.mbtiles"):
        assert found[name]["problem"]
        assert admin.post("/api/basemap/sources", json={"place": name, "datum": "CGCS2000"}).status_code == 422
        assert admin.delete(f"/api/basemap/files/{name}").status_code == 204
    # A file that breaks later: the list says so, the tile is a problem, the rest goes on.
    make_mbtiles(folder / "later.mbtiles", TILES, RED)
    source = declare(admin, "later.mbtiles")
    (folder / "later.mbtiles").write_bytes(b"gone")
    assert tile_of(admin, source, AT).status_code == 503
    item = listed(admin)[source]
    assert (item["tiles"], bool(item["problem"])) == ([], True)
    assert admin.post(f"/api/basemap/sources/{source}/test").json()["ok"] is False
    assert admin.delete(f"/api/basemap/sources/{source}?file=true").status_code == 204
    assert not (folder / "later.mbtiles").exists()


def test_only_datums_that_can_be_laid_under(admin: TestClient, folder: Path) -> None:
    make_mbtiles(folder / "gaode.mbtiles", TILES, RED)
    refused = admin.post("/api/basemap/sources", json={"place": "gaode.mbtiles", "datum": "BD-09"})
    assert refused.status_code == 422
    assert "百度" in refused.json()["errors"][0]["message"]
    source = declare(admin, "gaode.mbtiles", datum="GCJ02")
    assert listed(admin)[source]["datum"] == "GCJ02"


def test_only_an_administrator_declares_and_it_is_in_the_trail(admin: TestClient, make_account: Any) -> None:
    editor = make_account("editor")
    for method, path, body in (
        ("GET", "/api/basemap/sources", None),
        ("POST", "/api/basemap/sources", {"place": "x", "datum": "CGCS2000"}),
        ("PATCH", "/api/basemap/sources/aerial", {"enabled": False}),
        ("PUT", "/api/basemap/tianditu/key", {"key": KEY}),
        ("POST", "/api/basemap/sources/aerial/test", None),
        ("PUT", "/api/basemap/files/a.mbtiles", {}),
    ):
        assert editor.request(method, path, json=body).status_code == 403, path
    assert admin.patch("/api/basemap/sources/aerial", json={"preferred": True}).status_code == 200
    assert editor.get("/api/basemaps").json()["default"] == "aerial"
    assert admin.patch("/api/basemap/sources/plain", json={"preferred": True}).status_code == 200
    assert editor.get("/api/basemaps").json()["default"] == "plain"
    entries = make_account("auditor", tier="command").get("/api/audit?kind=basemap&limit=100").json()["items"]
    assert {"create", "update", "queue"} <= {e["action"] for e in entries}


@pytest.fixture
def no_commit(settings: Settings) -> Iterator[None]:
    """Whatever is written into the trail fails when it is committed."""
    owner = create_engine(superuser_url(settings), isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION fail_at_commit() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'no'; END $$;"
                "CREATE CONSTRAINT TRIGGER fail_at_commit AFTER INSERT ON audit_entry"
                " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail_at_commit()"
            )
        )
        yield
        connection.execute(text("DROP TRIGGER fail_at_commit ON audit_entry; DROP FUNCTION fail_at_commit()"))
    owner.dispose()


@pytest.fixture
def stays(admin: TestClient, folder: Path) -> str:
    """A declared archive, before any commit fails."""
    make_mbtiles(folder / "stays.mbtiles", TILES, RED)
    make_mbtiles(folder / "waits.mbtiles", TILES, RED)
    return declare(admin, "stays.mbtiles")


def test_files_go_and_come_only_with_the_commit(
    admin: TestClient, folder: Path, tmp_path: Path, stays: str, no_commit: None
) -> None:
    assert admin.delete(f"/api/basemap/sources/{stays}?file=true").status_code == 500
    assert tile_of(admin, stays, AT).content == RED, "the row is still there, and so is its file"
    assert admin.delete("/api/basemap/files/waits.mbtiles").status_code == 500
    assert (folder / "waits.mbtiles").exists()
    body = make_mbtiles(tmp_path / "comes.mbtiles", TILES, RED).read_bytes()
    assert admin.put("/api/basemap/files/comes.mbtiles", content=body).status_code == 500
    assert not (folder / "comes.mbtiles").exists(), "or it could not be sent again"
    assert admin.put("/api/basemap/tianditu/key", json={"key": KEY}).status_code == 500
    assert admin.get("/api/basemap/sources").json()["key_set"] is False


def test_a_file_that_stays_is_told_and_the_trail_says_so(
    admin: TestClient, folder: Path, make_account: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("held.mbtiles", "held-too.mbtiles"):
        make_mbtiles(folder / name, TILES, RED)
    source = declare(admin, "held.mbtiles")

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError("read-only")

    with monkeypatch.context() as readonly:
        readonly.setattr(Path, "unlink", refuse)
        listed_one = admin.delete(f"/api/basemap/sources/{source}?file=true")
        waiting_one = admin.delete("/api/basemap/files/held-too.mbtiles")
    assert (listed_one.status_code, listed_one.json()["code"]) == (409, "file_kept")
    assert listed_one.json()["detail"].startswith("已从列表移除，但文件删不掉")
    assert source not in listed(admin)
    assert (waiting_one.status_code, waiting_one.json()["code"]) == (409, "file_kept")
    assert "移除" not in waiting_one.json()["detail"]
    auditor = make_account("auditor", tier="command")
    for name in ("held.mbtiles", "held-too.mbtiles"):
        assert (folder / name).exists()
        entries = auditor.get("/api/audit", params={"kind": "basemap", "ref": name}).json()["items"]
        assert [(e["after"], e["result"]) for e in entries[:2]] == [
            ({"file": "kept"}, "failed"),
            ({"file": "deleted"}, "ok"),
        ]
        assert admin.delete(f"/api/basemap/files/{name}").status_code == 204


def test_what_a_killed_upload_left_is_cleared_by_a_later_one(admin: TestClient, folder: Path, tmp_path: Path) -> None:
    old, young = folder / ".coming-old", folder / ".coming-young"
    for path in (old, young):
        path.write_bytes(b"half")
    two_days_ago = path.stat().st_mtime - 2 * 86_400
    os.utime(old, (two_days_ago, two_days_ago))
    body = make_mbtiles(tmp_path / "later.mbtiles", TILES, RED).read_bytes()
    assert admin.put("/api/basemap/files/after-kill.mbtiles", content=body).status_code == 201
    assert (old.exists(), young.exists()) == (False, True)
    young.unlink()


# -- 天地图 ------------------------------------------------------------------------


class _Provider(http.server.BaseHTTPRequestHandler):
    """Stands in for the provider at the network's edge."""

    protocol_version = "HTTP/1.1"
    asked: list[str] = []  # noqa: RUF012
    answer: tuple[int, str, bytes, dict[str, str]] = (200, "image/png", GREEN, {})

    def do_GET(self) -> None:
        self.asked.append(self.path)
        status, media, body, more = type(self).answer
        self.send_response(status)
        self.send_header("Content-Type", media)
        self.send_header("Content-Length", str(len(body)))
        for name, value in more.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Quiet."""


@pytest.fixture(scope="module")
def provider(app: Any) -> Iterator[type[_Provider]]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Provider)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    real = app.state.tianditu
    app.state.tianditu = Tianditu(real.key, Origin("127.0.0.1", server.server_port, tls=False))
    yield _Provider
    app.state.tianditu = real
    server.shutdown()
    server.server_close()
    thread.join()


def test_tianditu_is_off_until_a_key_is_set_and_it_is_switched_on(admin: TestClient, provider: type[_Provider]) -> None:
    where = "/api/basemap/tianditu/vec_w/9/420/211"
    assert admin.get(where).status_code == 404
    refused = admin.patch("/api/basemap/sources/tianditu-vec", json={"enabled": True})
    assert refused.status_code == 422
    assert admin.put("/api/basemap/tianditu/key", json={"key": "有空格 的"}).status_code == 422
    assert admin.put("/api/basemap/tianditu/key", json={"key": KEY}).status_code == 204
    assert admin.get(where).status_code == 404, "a key alone switches nothing on"
    assert admin.patch("/api/basemap/sources/tianditu-vec", json={"enabled": True}).status_code == 200
    answer = admin.get(where)
    assert (answer.content, answer.headers["content-type"]) == (GREEN, "image/png")
    assert answer.headers["cache-control"] == "private, max-age=86400"
    assert provider.asked[-1].startswith("/vec_w/wmts?")
    assert f"tk={KEY}" in provider.asked[-1]
    assert "TILEMATRIX=9&TILEROW=211&TILECOL=420" in provider.asked[-1]
    before = len(provider.asked)
    admin.get(where)
    assert len(provider.asked) == before, "kept in memory"
    assert admin.get("/api/basemap/tianditu/img_w/9/420/211").status_code == 404, "the other kinds stay off"
    assert admin.get("/api/basemap/tianditu/evil/9/420/211").status_code == 404
    told = admin.get("/api/basemap/sources").text + admin.get("/api/basemaps").text
    assert KEY not in told
    assert admin.get("/api/basemap/sources").json()["key_set"] is True


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((302, "text/html", b"", {"Location": "http://127.0.0.1:1/"}), "没有跟去"),
        ((403, "application/json", b"{}", {}), "密钥"),
        ((429, "application/json", b"{}", {}), "次数"),
        ((200, "text/html", b"<script>alert(1)</script>", {}), "不是图片"),
        ((200, "image/png", b"<svg/>", {}), "不是图片"),
        ((200, "image/png", RED[:8] + b"\x00" * (2 << 20), {}), "连不上"),
    ],
)
def test_what_is_no_tile_is_a_sentence(
    admin: TestClient, provider: type[_Provider], app: Any, caplog: pytest.LogCaptureFixture,
    answer: tuple[int, str, bytes, dict[str, str]], said: str,
) -> None:  # fmt: skip
    app.state.tianditu.forget()
    provider.answer = answer
    asked = len(provider.asked)
    problem = admin.get("/api/basemap/tianditu/cva_w/9/421/211")
    assert problem.status_code == 503
    assert said in problem.json()["detail"]
    assert len(provider.asked) - asked <= 2, "a redirect is not followed"
    tried = admin.post("/api/basemap/sources/tianditu-vec/test").json()
    assert (tried["ok"], said in tried["said"]) == (False, True)
    assert KEY not in caplog.text
    provider.answer = (200, "image/png", GREEN, {})
    app.state.tianditu.forget()
    assert admin.post("/api/basemap/sources/tianditu-vec/test").json()["ok"] is True


def test_where_the_provider_cannot_be_reached_nobody_waits(
    admin: TestClient, app: Any, provider: type[_Provider]
) -> None:
    standing = app.state.tianditu
    app.state.tianditu = Tianditu(standing.key, Origin("127.0.0.1", 9, tls=False))
    for x in range(3):
        assert admin.get(f"/api/basemap/tianditu/vec_w/9/{x}/1").status_code == 503
    asked: list[int] = []
    app.state.tianditu._fetch = lambda *_: asked.append(1)
    assert "暂时连不上" in admin.get("/api/basemap/tianditu/vec_w/9/9/1").json()["detail"]
    assert not asked, "after three failures nothing is asked for a while"
    app.state.tianditu = standing
    assert admin.delete("/api/basemap/tianditu/key").status_code == 204
    app.state.tianditu.forget()
    assert "密钥" in admin.get("/api/basemap/tianditu/vec_w/9/8/1").json()["detail"]
