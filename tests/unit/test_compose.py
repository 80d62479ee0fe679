"""docker-compose.yml parses, and what it names exists."""

import re

import yaml

from riskmap.base.settings import REPOSITORY, Settings

BODY = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8"))


def test_it_has_db_and_app_with_health_checks_and_volumes() -> None:
    assert set(BODY["services"]) == {"db", "app"}
    for service in BODY["services"].values():
        assert service["healthcheck"]["test"]
        for volume in service["volumes"]:
            assert volume.split(":")[0] in BODY["volumes"]
    assert BODY["services"]["app"]["depends_on"]["db"]["condition"] == "service_healthy"


def test_no_password_has_a_default() -> None:
    text = (REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8")
    for name, rest in re.findall(r"\$\{(\w*PASSWORD\w*)([^}]*)\}", text):
        assert rest.startswith(":?"), name
    assert re.search(r"POSTGRES_PASSWORD", text)


def test_the_environment_that_it_sets_is_known_to_the_settings() -> None:
    known = {f"RISKMAP_{name.upper()}" for name in Settings.model_fields}
    assert set(BODY["services"]["app"]["environment"]) <= known


def test_the_dockerfile_copies_files_that_exist() -> None:
    build = BODY["services"]["app"]["build"]
    dockerfile = REPOSITORY / build["context"] / build.get("dockerfile", "Dockerfile")
    for line in dockerfile.read_text(encoding="utf-8").splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert (REPOSITORY / source).exists(), source
