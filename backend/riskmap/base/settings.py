"""Settings from the environment; every one has a default."""

import hashlib
import hmac
import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

REPOSITORY = Path(__file__).resolve().parents[3]
GEODATA = REPOSITORY / "geodata"
FRONTEND_DIST = REPOSITORY / "frontend" / "dist"


def default_data_dir() -> Path:
    """Folder for cluster, uploads and secrets.

    As root it lies outside any home folder, since the database server runs as an
    unprivileged user that cannot enter one; its name follows the repository's place,
    so that two clones never share a database by accident.
    """
    if os.geteuid() == 0:
        mark = hashlib.sha256(str(REPOSITORY).encode()).hexdigest()[:8]
        return Path("/var/lib/riskmap") / mark
    return REPOSITORY / ".data"


class Settings(BaseSettings):
    """What the environment says (prefix RISKMAP_)."""

    model_config = SettingsConfigDict(env_prefix="RISKMAP_", env_ignore_empty=True)

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    data_dir: Path = Field(default_factory=default_data_dir)
    database_url: str | None = Field(None, repr=False)  # a superuser's address
    app_password: str | None = Field(None, repr=False)  # of riskmap_app; else derived or generated
    demo: Literal["jiujiang", "none"] = "jiujiang"
    # As west,south,east,north: not as JSON, which pydantic-settings would take it for.
    bounds: Annotated[tuple[float, float, float, float], NoDecode] = (73.0, 3.0, 136.0, 54.0)
    admin_password: str | None = Field(None, repr=False)
    tls_cert: Path | None = None
    tls_key: Path | None = None
    proxy: str | None = None  # address of the TLS proxy that stands before us
    title: str = "城市安全风险一张图"
    public_resolution: int = Field(7, ge=3, le=9)
    tile_cache_mb: int = Field(128, ge=0)
    free_disk_mb: int = Field(500, ge=0)
    idle_minutes: int = Field(30, ge=1)
    upload_mb: int = Field(190, ge=1, le=2000)
    basemap_mb: int = Field(2000, ge=1, le=100_000)  # of an uploaded basemap file
    worker: Literal["process", "thread", "none"] = "process"  # who works jobs off
    # Passwords; the defaults are the usual reading of GB/T 22239-2019 for a system of the second or third grade.
    password_length: int = Field(8, ge=8, le=64)
    password_kinds: int = Field(3, ge=1, le=4)  # of capitals, small letters, digits, others
    password_long: int = Field(10, ge=0, le=64)  # from this length on kinds do not count; 0: they always do
    password_history: int = Field(5, ge=0, le=24)  # not one of the last N; 0: any
    password_days: int = Field(90, ge=0, le=3650)  # to be changed after; 0: never

    @field_validator("bounds", mode="before")
    @classmethod
    def _split_bounds(cls, value: object) -> object:
        return tuple(float(part) for part in value.strip(" []").split(",")) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _bounds_in_order(self) -> "Settings":
        west, south, east, north = self.bounds
        if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
            raise ValueError("RISKMAP_BOUNDS 应为 西,南,东,北（经纬度，西<东，南<北）")
        return self

    @property
    def secrets_dir(self) -> Path:
        """Folder for generated passwords; mode 0700."""
        path = self.data_dir / "secrets"
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)
        return path

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host in {"127.0.0.1", "::1", "localhost"}


@lru_cache(1)
def settings() -> Settings:
    """The process's settings, read once."""
    return Settings()


def derive_password(secret: str, role: str) -> str:
    """Password of a database role, from the superuser's: the same for every instance on one server."""
    return hmac.new(secret.encode(), f"riskmap:{role}".encode(), hashlib.sha256).hexdigest()
