"""Where things lie: the checkout, its virtual environment and the folder for everything that changes."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STATIC_VENDOR = ROOT / "static" / "vendor"
NODE_MODULES = ROOT / "node_modules"


def venv_python() -> Path:
    """The interpreter of the project's virtual environment."""
    return VENV / "bin" / "python"


def inside_venv() -> bool:
    """True when this process runs on the project's own virtual environment."""
    return Path(sys.prefix).resolve() == VENV.resolve()


@dataclass(frozen=True)
class Var:
    """The folder for run-time data: logs, secrets, the embedded servers' files. `make reset` empties it."""

    root: Path

    @property
    def logs(self) -> Path:
        return self.root / "log"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def secret(self) -> Path:
        return self.root / "secret"

    @property
    def centre(self) -> Path:
        return self.root / "centre.json"

    @property
    def node(self) -> Path:
        return self.root / "node"

    @property
    def lock(self) -> Path:
        return self.run / "lock"

    @property
    def marker(self) -> Path:
        return self.root / ".diversion-desk"

    def create(self) -> "Var":
        """Make the folders. The marker says that the folder is ours, and so may be emptied."""
        for folder in (self.root, self.logs, self.run):
            folder.mkdir(parents=True, exist_ok=True)
        self.marker.touch()
        return self


def default_var() -> Var:
    """VAR_DIR from the environment, else `var/` in the checkout."""
    return Var(Path(os.environ.get("VAR_DIR") or ROOT / "var").resolve())
