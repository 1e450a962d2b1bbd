"""`python -m bench [NAME ...] [--json]`, or `make bench ARGS="NAME ..."`: load measurements, each as JSON and a table.

Without a name all of them run. `make bench` gives them private servers; the figures go to standard output, and with
--keep both go to bench/results/NAME.json and NAME.txt.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

RESULTS = Path(__file__).with_name("results")
OTHERS: dict[str, tuple[str, ...]] = {
    "questions": ("bench.questions",),
    "cues": ("bench.cues",),
    "live_boards": ("bench.live_boards", "--streams", "1", "100", "500", "1000"),
}
"""Benches that print their own output."""
MEASURED = ("backtest", "boards", "claims", "keystrokes", "nudges", "offers", "panel", "natures", "places")
"""Benches with main() -> figures and table(figures)."""


def names() -> list[str]:
    """The benches of this checkout."""
    here = Path(__file__).parent
    return [name for name in (*OTHERS, *MEASURED) if (here / f"{name}.py").exists()]


def run(name: str, *, as_json: bool, keep: bool) -> int:
    """One bench. Returns its exit code; a missed target is a figure, not a failure."""
    if name in OTHERS:
        return subprocess.run([sys.executable, "-m", *OTHERS[name]], check=False).returncode
    bench = import_module(f"bench.{name}")
    figures = bench.main([])
    table: str = bench.table(figures)
    if keep:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
        (RESULTS / f"{name}.txt").write_text(table + "\n", encoding="utf-8")
    print(json.dumps(figures))
    if not as_json:
        print(table, flush=True)
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the named benches, each in a process of its own when there are several."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*names(), []], metavar="NAME", help=", ".join(names()))
    parser.add_argument("--json", action="store_true", help="figures only")
    parser.add_argument("--keep", action="store_true", help="write bench/results/NAME.json")
    chosen = parser.parse_args(arguments)
    wanted = chosen.names or names()
    if len(wanted) == 1:
        return run(wanted[0], as_json=chosen.json, keep=chosen.keep)
    code = 0
    flags = [flag for flag, on in (("--json", chosen.json), ("--keep", chosen.keep)) if on]
    for name in wanted:
        print(f"== {name}", flush=True)
        code |= subprocess.run([sys.executable, "-m", "bench", name, *flags], check=False).returncode
    return code


if __name__ == "__main__":
    raise SystemExit(main())
