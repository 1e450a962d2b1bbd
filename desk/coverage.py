"""Which programs take calls at a place now, in one line: before any question is asked."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from programs.hours import next_change
from programs.selectors import PublishedPrograms


@dataclass(frozen=True)
class Coverage:
    """One program at one place and time. `level` is a status level; the words say the same."""

    name: str
    words: str
    level: str


def coverage_of(published: PublishedPrograms | None, at: datetime, zone: ZoneInfo) -> list[Coverage]:
    """Those that cover the place and are open first, then stopped and closed ones; the suggestion names the others too.

    Information-only programs are left out: they send nobody. Where nobody comes, that is said.
    """
    if published is None:
        return []
    found: list[tuple[int, Coverage]] = []
    for version in published.versions:
        slug = version.program.slug
        # A program's long name begins with the one that everybody uses.
        name = version.program.name.partition(",")[0]
        rules = version.spec.get("rules") or {}
        if rules.get("response_class") is None or published.covers.get(slug) is False:
            continue
        change = _change(version.spec, at, zone)
        if slug in published.suspended:
            found.append((1, Coverage(name, "stopped", "serious")))
        elif published.open_now.get(slug):
            found.append((0, Coverage(name, f"open until {change}" if change else "open 24 h", "normal")))
        else:
            found.append((2, Coverage(name, f"out of hours until {change}" if change else "out of hours", "off")))
    if not found:
        return [Coverage("No program", "covers this place", "caution")]
    return [one for _, one in sorted(found, key=lambda pair: (pair[0], pair[1].name))]


def _change(spec: dict[str, object], at: datetime, zone: ZoneInfo) -> str:
    try:
        change = next_change(str(spec.get("hours", "")), at, zone)
    except ValueError:
        return ""
    if change is None:
        return ""
    local = change.astimezone(zone)
    return f"{local:%H:%M}" if local.date() == at.astimezone(zone).date() else f"{local:%a %H:%M}"
