"""A browser for the browser tests: Chromium or Chrome from PATH, else Debian's package."""

import os
import shutil
from pathlib import Path

from launch.install import run_logged
from launch.say import LaunchError, step

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALL = "apt-get update && apt-get install -y --no-install-recommends chromium"


def find_chromium() -> str | None:
    """The browser named by CHROMIUM, else the first known one on PATH."""
    given = os.environ.get("CHROMIUM")
    if given:
        return given if shutil.which(given) else None
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


def ensure_chromium(log: Path) -> str:
    """The path of a browser, installed now if this is root on a Debian system.

    Raises LaunchError with the one command to run where it cannot be installed from here.
    """
    found = find_chromium()
    if found is not None:
        return found
    can_install = os.geteuid() == 0 and shutil.which("apt-get") is not None
    prefix = "" if os.geteuid() == 0 else "sudo "
    by_hand = " && ".join(prefix + part for part in INSTALL.split(" && "))
    if not can_install:
        raise LaunchError(
            "No Chromium or Chrome was found, so the browser tests cannot run.",
            f"Run this once (other systems: install Chromium, or set CHROMIUM to its path): {by_hand}",
        )
    with step("Installing Chromium for the browser tests"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        command = ["/bin/sh", "-c", INSTALL]
        run_logged(command, log=log, what="apt-get", remedy=f"Run it by hand: {by_hand}", env=environment)
    found = find_chromium()
    if found is None:
        raise LaunchError("Chromium was installed and still is not on PATH.", "Set CHROMIUM to the browser's path.")
    return found
