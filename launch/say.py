"""What the launcher tells the person at the terminal, and the one exception that carries advice."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class LaunchError(Exception):
    """Something stops the launch. `problem` says what, `remedy` what the reader can do about it."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


def say(text: str = "") -> None:
    """Print one line at once, also when the output is a pipe. A reader who has gone must not stop an orderly stop."""
    with suppress(OSError):
        print(text, flush=True)


def complain(error: LaunchError) -> None:
    """Print a failure and its remedy to standard error."""
    print(f"\nSTOPPED: {error.problem}\n  What to do: {error.remedy}", file=sys.stderr, flush=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Print `title` when the work begins and the seconds that it took when it is done."""
    began = time.monotonic()
    say(f"- {title} ...")
    yield
    say(f"  done in {time.monotonic() - began:.1f} s")
