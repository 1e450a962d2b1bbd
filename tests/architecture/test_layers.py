"""The order of the packages, in imports, foreign keys and templates (design section 3)."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parents[2]
LAYERS: list[str] = next(
    contract["layers"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    if contract["type"] == "layers"
)
"""From the top to the bottom, as import-linter reads them."""
RANK = {name: nth for nth, name in enumerate(LAYERS)}
_INCLUDED = re.compile(r"""\{%\s*(?:include|extends)\s+["']([^"']+)["']""")


def _included(path: Path) -> list[str]:
    return _INCLUDED.findall(path.read_text(encoding="utf-8"))


def test_imports_point_down_only() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([str(linter)], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def test_foreign_keys_point_down_only() -> None:
    upward = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in apps.get_models()
        if model._meta.app_label in RANK
        for field in model._meta.get_fields()
        if field.is_relation
        and not field.auto_created
        and isinstance(field.related_model, type)
        and RANK.get(field.related_model._meta.app_label, len(RANK)) < RANK[model._meta.app_label]
    ]
    assert upward == []


def test_migrations_read_nothing_else_of_the_product() -> None:
    """They mean the same for ever, and the tests' database may be kept as long as they are the same."""
    product = re.compile(rf"^\s*(?:from|import)\s+(?:{'|'.join(RANK)})\b|open\(|read_text|import_module", re.M)
    reading = [path.name for path in ROOT.glob("*/migrations/*.py") if product.search(path.read_text(encoding="utf-8"))]
    assert reading == []


def test_every_app_with_models_is_in_the_order_and_the_top_has_none() -> None:
    with_models = {
        model._meta.app_label
        for model in apps.get_models()
        if Path(sys.modules[model.__module__].__file__ or "").is_relative_to(ROOT)
        and ".venv" not in (sys.modules[model.__module__].__file__ or "")
    }
    assert with_models <= set(RANK)
    assert "desk" not in with_models
    assert "triage" not in with_models


def test_template_includes_point_down_only() -> None:
    upward = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        owner = path.relative_to(ROOT / "templates").parts[0]
        for name in _included(path):
            other = name.split("/")[0]
            if owner in RANK and other in RANK and RANK[other] < RANK[owner]:
                upward.append(f"{path.name} includes {name}")
            assert (ROOT / "templates" / name).exists(), f"{path} names {name}"
    assert upward == []


@pytest.mark.parametrize("package", ["triage", "launch", "demo"])
def test_a_package_without_django_loads_without_it(package: str) -> None:
    code = (
        "import importlib, pkgutil, sys\n"
        f"import {package}\n"
        f"for one in pkgutil.walk_packages({package}.__path__, '{package}.'):\n"
        "    if not one.name.endswith('__main__'):\n"
        "        importlib.import_module(one.name)\n"
        "assert not [name for name in sys.modules if name.split('.')[0] in ('django', 'celery', 'rest_framework')]\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]


def test_files_stay_short() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for package in (*LAYERS, "demo", "launch")
        for path in (ROOT / package).rglob("*.py")
        if "migrations" not in path.parts and (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert long == {}


def test_no_template_holds_script_or_style_that_the_policy_forbids() -> None:
    forbidden = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}: {match.group(0)}"
        for path in (ROOT / "templates").rglob("*.html")
        for match in forbidden.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []
