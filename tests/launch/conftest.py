"""Real servers and real processes in a folder of their own; nothing here touches a running demo."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from launch.paths import Var
from launch.unprivileged import refuge_of

PATIENCE = 60.0


def until(condition: Callable[[], object], each: Callable[[], None] = lambda: None) -> None:
    """Come back when the condition holds, calling `each` before every look; fail when it never does."""
    deadline = time.monotonic() + PATIENCE
    each()
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        time.sleep(0.01)
        each()


@pytest.fixture(scope="module")
def var() -> Iterator[Var]:
    """A `var/` that the servers' account can reach, as `make run` would have it; deleted afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="diversion-desk-test-"))
    folder.chmod(0o711)
    yield Var(folder).create()
    shutil.rmtree(folder)
    shutil.rmtree(refuge_of(folder), ignore_errors=True)
