"""Brings the database to the current schema and loads the demo centre, once."""

import json
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

from launch.install import digest, run_logged
from launch.paths import ROOT, Var
from launch.say import say, step


def migrate(var: Var, environment: Mapping[str, str], identity: str | None) -> None:
    """Apply the migrations. A database that only this `var/` can have changed is not asked again for the same ones.

    `identity` names such a database; None: somebody else's, always asked.
    """
    files = sorted(ROOT.glob("*/migrations/*.py"))
    stamp = var.run / "migrated"
    wanted = digest(files, *(str(file.relative_to(ROOT)) for file in files), identity or "")
    if identity is not None and stamp.exists() and stamp.read_text() == wanted:
        return
    with step("Bringing the database up to date"):
        run_logged(
            [sys.executable, "manage.py", "migrate", "--no-input"],
            log=var.logs / "migrate.log",
            what="manage.py migrate",
            remedy="Read var/log/migrate.log. `make reset` starts with an empty demo database.",
            env=environment,
        )
    stamp.write_text(wanted)


def load_demo_centre(var: Var, environment: Mapping[str, str], identity: str) -> None:
    """Generate the demo city into `var/centre.json` and load it, unless this database has it already.

    `identity` tells one database from another, so that a new one is filled again.
    """
    if not var.centre.exists():
        with step("Building the demo city"):
            draft = var.centre.with_suffix(".new")
            run_logged(
                [sys.executable, "-m", "demo.city"],
                log=var.logs / "demo-city.log",
                what="python -m demo.city",
                remedy="Read var/log/demo-city.log, or start with DEMO=0 for an empty installation.",
                env=environment,
                output=draft,
            )
            draft.chmod(0o600)
            draft.replace(var.centre)
    stamp = var.run / "centre-loaded"
    wanted = digest([var.centre], identity)
    if stamp.exists() and stamp.read_text() == wanted:
        return
    with step("Loading the demo city"):
        run_logged(
            [sys.executable, "manage.py", "load_centre", str(var.centre)],
            log=var.logs / "load-centre.log",
            what="manage.py load_centre",
            remedy="Read var/log/load-centre.log. `make reset` starts afresh; DEMO=0 starts without demo data.",
            env=environment,
        )
    stamp.write_text(wanted)


def sign_in_lines(centre: Path) -> list[str]:
    """One line for each demo person who waits for a human: role, sign-in, password, name; then the crews in short.

    The people are invented and their passwords public; a real centre has no such file.
    """
    everybody = json.loads(centre.read_text(encoding="utf-8")).get("people", [])
    people = [person for person in everybody if person.get("password") and person.get("played_by") != "simulator"]
    crews = [person for person in people if person.get("played_by") == "crew"]
    # One crew member is shown in full, so that the phone page can be tried at once.
    shown = [person for person in people if person not in crews] + crews[:1]
    rows = [tuple(str(person.get(key, "")) for key in ("role", "username", "password", "name")) for person in shown]
    if not rows:
        return []
    rows.insert(0, ("ROLE", "SIGN-IN", "PASSWORD", "NAME"))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    padded = ([cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows)
    lines = ["  " + "  ".join(cells).rstrip() for cells in padded]
    if len(crews) > 1:
        names = ", ".join(str(person["username"]) for person in crews[1:])
        lines += textwrap.wrap(
            f"More crew members, each with the password of the one above: {names}",
            width=110,
            initial_indent="  ",
            subsequent_indent="  ",
        )
    return lines


def announce(var: Var, address: str, *, demo: bool, simulator: bool, seconds: float) -> None:
    """Tell the person where to go and as whom; `seconds` is what the start took."""
    say()
    for line in sign_in_lines(var.centre) if demo else []:
        say(line)
    if not demo:
        say("  Started without demo data; make the first account with: .venv/bin/python manage.py createsuperuser")
    say()
    if demo:
        say(f"  The invented city is {'alive: the simulator makes calls' if simulator else 'quiet: SIMULATOR=0'}.")
    say(f"  Logs: {var.logs}   Stop: Ctrl-C   Start afresh: make reset")
    say()
    say(f"  Diversion Desk is open at  {address}   (ready after {seconds:.1f} s)")
    say()
