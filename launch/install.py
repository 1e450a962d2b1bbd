"""Set-up from the lock files: virtual environment, Python packages, front-end packages. Idempotent and stamped.

A stamp holds the hash of what was installed, so that a second start installs nothing and asks no registry.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from launch.paths import NODE_MODULES, ROOT, STATIC_VENDOR, VENV, Var, venv_python
from launch.say import LaunchError, say, step
from launch.vendor import LIST, copy_vendor_files

OLDEST, NEWEST = (3, 11), (3, 13)
RUN_LOCKS = ("base.txt", "embedded.txt")
DEV_LOCKS = ("dev.txt",)
_WORD_EVERY = 10.0
_NETWORK = (
    "Check that this machine reaches its package registry (proxy, certificate, pip's and npm's own settings), "
    "then start again: what is already installed stays."
)


def check_python() -> None:
    """Raise LaunchError when this interpreter is too old, too new or lacks what `venv` needs."""
    running = sys.version_info[:2]
    if not OLDEST <= running <= NEWEST:
        raise LaunchError(
            f"Python {running[0]}.{running[1]} was found; 3.11, 3.12 or 3.13 is needed.",
            "Install one of them, or name it: `make run PYTHON=/path/to/python3.12`.",
        )
    try:
        import ensurepip  # noqa: F401 - only whether it is there
        import venv  # noqa: F401 - only whether it is there
    except ImportError as error:
        name = f"python{running[0]}.{running[1]}-venv"
        raise LaunchError(
            "This Python cannot make virtual environments: its venv part is packaged apart.",
            f"Install it (Debian, Ubuntu: `apt-get install {name}`; for the default Python also `python3-venv`).",
        ) from error


def digest(paths: Sequence[Path], *more: str) -> str:
    """One SHA-256 over files' contents and further words, for a stamp."""
    whole = hashlib.sha256()
    for path in paths:
        whole.update(path.read_bytes())
    for word in more:
        whole.update(b"\0" + word.encode())
    return whole.hexdigest()


def run_logged(
    command: Sequence[str],
    *,
    log: Path,
    what: str,
    remedy: str,
    env: Mapping[str, str] | None = None,
    output: Path | None = None,
) -> None:
    """Run a set-up command; its messages go to `log`, its standard output to `output` if that is given.

    Says every ten seconds what it is at. Raises LaunchError with the last lines of the log when it fails.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    began = told = time.monotonic()
    for stale in (log, output):
        if stale is not None:
            stale.unlink(missing_ok=True)
    with log.open("ab") as messages, (output or log).open("ab") as results:
        process = subprocess.Popen(
            list(command),
            cwd=ROOT,
            env=dict(env or os.environ),
            stdin=subprocess.DEVNULL,
            stdout=results,
            stderr=messages,
            start_new_session=True,
        )
        try:
            while process.poll() is None:
                time.sleep(0.05)
                if time.monotonic() - told > _WORD_EVERY:
                    told = time.monotonic()
                    say(f"  still at it after {told - began:.0f} s: {_last_line(log)}")
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
    if process.returncode != 0:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-12:]
        raise LaunchError(f"{what} failed:\n" + "\n".join(f"    {line}" for line in lines), remedy)


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip()[:100] for line in reversed(lines) if line.strip()), "")


def ensure_venv() -> None:
    """Make `.venv` with this interpreter unless a working one is there."""
    check_python()
    if venv_python().exists():
        probe = subprocess.run(
            [str(venv_python()), "-c", "import sys, pip; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
        )
        if probe.returncode == 0 and probe.stdout.strip() in {"3.11", "3.12", "3.13"}:
            return
        say("- The virtual environment does not work any more; making a new one")
        shutil.rmtree(VENV)
    with step(f"Making a virtual environment (.venv, Python {sys.version_info[0]}.{sys.version_info[1]})"):
        log = VENV.with_name(".venv-setup.log")
        try:
            run_logged(
                [sys.executable, "-m", "venv", str(VENV)],
                log=log,
                what="Making the virtual environment",
                remedy="Delete the folder .venv and start again.",
            )
        except LaunchError:
            shutil.rmtree(VENV, ignore_errors=True)
            raise
        finally:
            log.unlink(missing_ok=True)


def ensure_python_packages(locks: Sequence[str], var: Var) -> None:
    """Install exactly what the lock files say, checked by hash, into `.venv`."""
    files = [ROOT / "requirements" / name for name in locks]
    stamp = VENV / f".installed-{'-'.join(name.removesuffix('.txt') for name in locks)}"
    wanted = digest(files, str(VENV))
    if (stamp.exists() and stamp.read_text() == wanted) or _held_by_dev(files):
        return
    command = [str(venv_python()), "-m", "pip", "install", "--require-hashes", "--progress-bar", "off"]
    command += ["--disable-pip-version-check", "--no-input", "--root-user-action", "ignore"]
    command += [part for file in files for part in ("-r", str(file))]
    with step("Installing Python packages (about a minute the first time)"):
        run_logged(command, log=var.logs / "setup-pip.log", what="pip", remedy=_NETWORK)
    # Another set's stamp no longer describes the environment: it is checked again when it is next asked for.
    for other in VENV.glob(".installed-*"):
        other.unlink()
    stamp.write_text(wanted)


def _held_by_dev(files: Sequence[Path]) -> bool:
    """True when the development set is installed and holds all that `files` pin, at the same versions."""
    dev, stamp = ROOT / "requirements" / "dev.txt", VENV / ".installed-dev"
    if not stamp.exists() or stamp.read_text() != digest([dev], str(VENV)):
        return False
    return set().union(*(_pins(file) for file in files)) <= _pins(dev)


def _pins(lock: Path) -> set[str]:
    lines = lock.read_text(encoding="utf-8").splitlines()
    return {line.split()[0].rstrip(";") for line in lines if "==" in line and not line.startswith((" ", "#"))}


def ensure_front_end(var: Var) -> None:
    """`npm ci`, then static/vendor/, unless both are as the lock file says."""
    wanted = digest([ROOT / "package-lock.json", LIST, Path(__file__).with_name("vendor.py")])
    stamp = STATIC_VENDOR / ".from-lock"
    if stamp.exists() and stamp.read_text() == wanted and NODE_MODULES.is_dir():
        return
    with step("Fetching the front-end packages"):
        environment, npm = npm_command(var)
        run_logged([*npm, "ci"], log=var.logs / "setup-npm.log", what="npm ci", remedy=_NETWORK, env=environment)
        count = copy_vendor_files(NODE_MODULES, STATIC_VENDOR)
        stamp.write_text(wanted)
        say(f"  {count} files in static/vendor/, described by its manifest.json")


def npm_command(var: Var) -> tuple[dict[str, str], list[str]]:
    """npm from PATH where Node 18 or newer is found there; else the Node wheel, in an environment of its own."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip().lstrip("v")
        if answer.split(".")[0].isdigit() and int(answer.split(".")[0]) >= 18:
            return dict(os.environ), [npm]
    lock = ROOT / "requirements" / "node.txt"
    stamp = var.node / ".installed"
    wanted = digest([lock])
    if not (stamp.exists() and stamp.read_text() == wanted):
        say("  Node was not found; fetching it as a Python package into var/node (about 60 MB)")
        shutil.rmtree(var.node, ignore_errors=True)
        log = var.logs / "setup-node.log"
        make = [sys.executable, "-m", "venv", str(var.node)]
        run_logged(make, log=log, what="Making an environment for Node", remedy="Delete var/node and start again.")
        pip = [str(var.node / "bin" / "python"), "-m", "pip", "install", "--require-hashes", "--progress-bar", "off"]
        pip += ["--disable-pip-version-check", "--no-input", "--root-user-action", "ignore", "-r", str(lock)]
        run_logged(pip, log=log, what="pip", remedy=_NETWORK)
        stamp.write_text(wanted)
    path = f"{var.node / 'bin'}{os.pathsep}{os.environ.get('PATH', '/usr/bin:/bin')}"
    return {**os.environ, "PATH": path}, [str(var.node / "bin" / "npm")]
