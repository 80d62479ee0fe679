"""What a killed process left of uploads is gone when the service starts again."""

from starlette.testclient import TestClient

from riskmap.app import create_app
from riskmap.base import scratch
from riskmap.base.settings import Settings


def test_a_folder_is_gone_at_the_end_and_what_was_left_is_gone_at_the_start(settings: Settings) -> None:
    with scratch.folder(settings, "layer") as folder:
        (folder / "upload").write_bytes(b"x")
        assert folder.is_relative_to(settings.data_dir)
    assert not folder.exists()
    left = settings.data_dir / "scratch" / "layer-killed"
    left.mkdir(parents=True)
    (left / "upload").write_bytes(b"x")
    with TestClient(create_app(settings)) as client:
        assert client.get("/healthz").status_code == 200
        assert not left.exists()
