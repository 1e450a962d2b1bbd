"""The lock files: no registry's address in any of them, and no entry without a hash."""

import json
import re
from pathlib import Path
from typing import Any

from launch.paths import ROOT

_ADDRESS = "://"


def lock_problems(root: Path = ROOT) -> list[str]:
    """What is wrong with the lock files below `root`, one line each; empty when all is well."""
    problems = []
    for path in [*sorted((root / "requirements").glob("*.txt")), root / "package-lock.json"]:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if _ADDRESS in line:
                problems.append(f"{path.relative_to(root)}:{number}: names an address; run `make lock`")
    for path in sorted((root / "requirements").glob("*.txt")):
        problems += [f"{path.relative_to(root)}: {name} has no hash" for name in _without_hash(path)]
    packages: dict[str, dict[str, Any]] = json.loads((root / "package-lock.json").read_text(encoding="utf-8"))[
        "packages"
    ]
    problems += [
        f"package-lock.json: {name} has no integrity hash"
        for name, entry in packages.items()
        if name and "integrity" not in entry
    ]
    return problems


def _without_hash(path: Path) -> list[str]:
    entries = re.split(r"(?m)^(?=[A-Za-z0-9])", path.read_text(encoding="utf-8"))
    return [entry.split("==")[0].strip() for entry in entries if "==" in entry and "--hash=sha256:" not in entry]


def strip_addresses(lock: Path) -> None:
    """Take registry addresses and funding pages out of a package-lock.json: `npm ci` needs neither."""
    content = json.loads(lock.read_text(encoding="utf-8"))
    for entry in content["packages"].values():
        entry.pop("resolved", None)
        entry.pop("funding", None)
    lock.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
