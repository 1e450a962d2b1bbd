"""The mapping file of a call log: which column means what, how its clock reads, and what its natures are called here.

Pure: no database, no Django. A mapping is YAML; `load_map` refuses what it does not understand instead of guessing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

SHIPPED = Path(__file__).with_name("maps")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class MapError(ValueError):
    """The mapping file cannot be used; the message says where and why."""


class _Columns(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    external_id: str
    time: str
    nature: str
    channel: str
    place: str
    lat: str = ""
    lon: str = ""
    outcome: str = ""
    check_hour: str = ""
    check_weekday: str = ""


class _Time(BaseModel):
    """How the source writes time. `add_hours`: UTC offset as written -> hours to add to the written wall clock to get
    true local time (for logs whose clock was shifted); empty when the written time is right."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    zone: str
    add_hours: dict[str, int] = Field(default_factory=dict)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    about: str
    name: str
    licence: str
    encoding: str = "utf-8"
    missing: tuple[str, ...] = ("",)
    place_missing: str
    columns: _Columns
    time: _Time
    channels: dict[str, str]
    natures: dict[str, str | None]


@dataclass(frozen=True)
class LogMap:
    """A checked mapping. `natures`: local nature -> slug, or None where we have no nature that says the same."""

    name: str
    encoding: str
    missing: frozenset[str]
    place_missing: str
    columns: Mapping[str, str]
    """Our field -> column of the log; only fields that the log has."""
    zone: ZoneInfo
    add_hours: Mapping[str, int]
    channels: Mapping[str, str]
    natures: Mapping[str, str | None]

    def value(self, text: str) -> str:
        """The cell's text; empty where the source wrote one of its words for "nothing"."""
        text = text.strip()
        return "" if text in self.missing else text

    def moment(self, text: str) -> datetime:
        """The true moment in UTC. Raises ValueError for what is no time, or has an offset without a rule."""
        written = datetime.fromisoformat(text)
        if not self.add_hours:
            return (written if written.tzinfo else written.replace(tzinfo=self.zone)).astimezone(UTC)
        offset = _offset(written)
        if offset not in self.add_hours:
            raise ValueError(f"no rule for the time offset {offset or '(none)'}")
        local = written.replace(tzinfo=None) + timedelta(hours=self.add_hours[offset])
        return local.replace(tzinfo=self.zone).astimezone(UTC)


def _offset(written: datetime) -> str:
    """The written UTC offset as "-05:00"; empty where there is none."""
    return written.isoformat()[-6:] if written.tzinfo else ""


def hour_of(text: str) -> int:
    """0 to 23 for "3 pm", "15" or "15:00". Raises ValueError."""
    number, _, half = text.strip().lower().partition(" ")
    hour = int(number.split(":")[0])
    if half in ("am", "pm") and 1 <= hour <= 12:
        return hour % 12 + (12 if half == "pm" else 0)
    if half or not 0 <= hour <= 23:
        raise ValueError(f"“{text}” is not an hour")
    return hour


def load_map(source: str | Path, *, natures: frozenset[str], channels: frozenset[str]) -> LogMap:
    """Read a mapping file, or a shipped one by its name. `natures` and `channels` are ours; others are refused.

    Raises MapError.
    """
    path = Path(source)
    if not path.suffix and not path.exists():
        path = SHIPPED / f"{source}.yaml"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as problem:
        known = ", ".join(shipped())
        raise MapError(f"{path}: cannot be read ({problem.strerror}). Shipped maps: {known}.") from problem
    return read_map(text, str(path), natures=natures, channels=channels)


def shipped() -> list[str]:
    """Names of the maps that ship with the product."""
    return sorted(one.stem for one in SHIPPED.glob("*.yaml"))


def read_map(text: str, path: str, *, natures: frozenset[str], channels: frozenset[str]) -> LogMap:
    """The same from a mapping's text; `path` is what a message calls it. Raises MapError."""
    try:
        data: Any = yaml.safe_load(text)
        parsed = _File.model_validate(data)
        zone = ZoneInfo(parsed.time.zone)
    except yaml.YAMLError as problem:
        raise MapError(f"{path}: not YAML: {problem}") from problem
    except ValidationError as problem:
        first = problem.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise MapError(f"{path}: {where}: {first['msg']}") from problem
    except (ZoneInfoNotFoundError, ValueError) as problem:
        raise MapError(f"{path}: time.zone: {problem}") from problem
    strange = sorted({slug for slug in parsed.natures.values() if slug is not None} - natures)
    strange += sorted(set(parsed.channels.values()) - channels)
    if strange:
        raise MapError(f"{path}: not natures or channels of ours: {', '.join(strange)}")
    return LogMap(
        name=parsed.name,
        encoding=parsed.encoding,
        missing=frozenset(parsed.missing),
        place_missing=parsed.place_missing,
        columns={field: column for field, column in parsed.columns.model_dump().items() if column},
        zone=zone,
        add_hours=parsed.time.add_hours,
        channels=parsed.channels,
        natures=parsed.natures,
    )
