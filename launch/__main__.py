"""The launcher's command line: `python -m launch run|test|lint|bench|chaos|setup|vendor|reset|locks|lock`.

The first stage runs on any Python 3.11 to 3.13, makes the virtual environment and starts itself again inside it.
"""

import os
import shutil
import signal
import subprocess
import sys

from launch.checks import bench, chaos, lint, test
from launch.install import DEV_LOCKS, ensure_front_end, ensure_python_packages, ensure_venv
from launch.locks import lock_problems, strip_addresses
from launch.paths import ROOT, default_var, inside_venv, venv_python
from launch.run import reset, run
from launch.say import LaunchError, complain, say

_USAGE = "Usage: python -m launch run|test|lint|bench|chaos|setup|vendor|reset|locks|lock"


def setup() -> int:
    """Install everything that `make test` needs, and start nothing."""
    var = default_var().create()
    ensure_python_packages(DEV_LOCKS, var)
    ensure_front_end(var)
    return 0


def vendor() -> int:
    """Only the front-end files, with whatever Python this is: for building the container image."""
    ensure_front_end(default_var().create())
    return 0


def locks() -> int:
    """Check the lock files."""
    problems = lock_problems()
    for problem in problems:
        say(problem)
    say(f"lock files: {len(problems)} problems" if problems else "lock files: no address, every entry has its hash")
    return 1 if problems else 0


def lock() -> int:
    """Write the lock files anew from requirements/*.in and package.json. Needs uv and npm on PATH."""
    for program in ("uv", "npm"):
        if shutil.which(program) is None:
            raise LaunchError(f"{program} is needed to write lock files and was not found.", f"Install {program}.")
    for name in ("base", "embedded", "node", "dev", "training"):
        command = ["uv", "pip", "compile", "-q", "--universal", "--python-version", "3.11", "--generate-hashes"]
        command += ["--no-header", f"requirements/{name}.in", "-o", f"requirements/{name}.txt"]
        subprocess.run(command, cwd=ROOT, check=True)
    subprocess.run(["npm", "install", "--package-lock-only"], cwd=ROOT, check=True)
    strip_addresses(ROOT / "package-lock.json")
    return locks()


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
    command, *rest = arguments or [""]
    if command == "reset":
        return reset(default_var())
    if command == "locks":
        return locks()
    if command == "lock":
        return lock()
    if command == "vendor":
        return vendor()
    commands = {"run": lambda: run(default_var()), "test": test, "lint": lint, "setup": setup}
    with_arguments = {"bench": bench, "chaos": chaos}
    if command not in {*commands, *with_arguments}:
        say(_USAGE)
        return 2
    if not inside_venv():
        ensure_venv()
        python = str(venv_python())
        os.execv(python, [python, "-m", "launch", command, *rest])  # noqa: S606 - no shell is wanted
    return with_arguments[command](rest) if command in with_arguments else commands[command]()


if __name__ == "__main__":
    os.chdir(ROOT)
    try:
        sys.exit(main(sys.argv[1:]))
    except LaunchError as error:
        complain(error)
        sys.exit(1)
    except KeyboardInterrupt:
        say("\nStopped.")
        sys.exit(128 + signal.SIGINT)
