"""What the assignment engine knows: plain facts of one pending incident and of one unit. No rows, no queries."""

from dataclasses import dataclass
from datetime import datetime

LANGUAGE_NAMES = {
    "am": "Amharic", "ar": "Arabic", "ase": "American Sign Language", "bn": "Bengali", "cr": "Cree", "de": "German",
    "el": "Greek", "en": "English", "es": "Spanish", "fa": "Persian", "fr": "French", "gu": "Gujarati", "he": "Hebrew",
    "hi": "Hindi", "hmn": "Hmong", "ht": "Haitian Creole", "it": "Italian", "ja": "Japanese", "km": "Khmer",
    "ko": "Korean", "lo": "Lao", "my": "Burmese", "ne": "Nepali", "nv": "Navajo", "pa": "Punjabi", "pl": "Polish",
    "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "so": "Somali", "sq": "Albanian", "sw": "Swahili",
    "ta": "Tamil", "te": "Telugu", "th": "Thai", "ti": "Tigrinya", "tl": "Tagalog", "uk": "Ukrainian", "ur": "Urdu",
    "vi": "Vietnamese", "yue": "Cantonese", "zh": "Chinese",
}  # fmt: skip
"""By code: the languages that crews and callers in the United States and Canada name most."""


@dataclass(frozen=True)
class Refusal:
    """What keeps one unit from one call for now. Times in the centre's zone."""

    code: str
    """Of dispatch.shortfalls.SHORTFALLS."""
    at: datetime | None = None
    reason: str = ""
    """In words, where the crew gave one."""
    again_at: datetime | None = None
    """From when on the engine asks again by itself; None for not at all."""


@dataclass(frozen=True)
class IncidentFacts:
    """One pending incident. Point in degrees, WGS84. What is needed is hard, what is `wanted` counts."""

    id: str
    priority: int
    waiting_since: datetime
    lat: float | None
    lon: float | None
    by_phone: bool = False
    capabilities: frozenset[str] = frozenset()
    """That the program says its crew must have."""
    wanted: frozenset[str] = frozenset()
    """That the answers say would help."""
    language: str = ""
    """Code of the language that the caller feels best in; empty or "en" asks for nothing."""
    language_needed: bool = False
    gender_needed: str = ""
    """"woman" or "man" where the program says that its crew must have one."""
    crew_needed: int = 1
    officer_needed: bool = False
    """The program sends officer and clinician in one vehicle: a unit without an officer is not sent alone."""
    position_needed: bool = False
    """The program says that a unit whose position is unknown or old is not sent."""
    beat: str = ""
    open_now: bool = True
    opens_at: datetime | None = None
    """When a program that is closed opens next, in the centre's zone; None where that is not known."""
    covered: bool | None = None
    """Whether the program's area covers the place; None while the place is not known."""
    met: frozenset[int] = frozenset()
    """Crew members who were with this caller, or at this address, before."""
    booked_unit: str = ""
    """The unit that a visit was booked with, once it has fallen due."""
    full: bool = False
    """The program has as many responses under way as it is set up for."""
    capacity: int | None = None
    """How many those are."""


@dataclass(frozen=True)
class UnitFacts:
    """One unit. Crew, languages and genders are those of the people signed on."""

    id: str
    call_sign: str
    service: str
    serves: bool
    busy: bool
    crew: int
    shift_ends: datetime | None
    lat: float | None
    lon: float | None
    position_at: datetime | None
    capabilities: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    genders: frozenset[str] = frozenset()
    crew_ids: frozenset[int] = frozenset()
    officer: bool = False
    """Somebody armed, or an officer, is aboard."""
    beats: frozenset[str] = frozenset()
    """That its team serves; empty where it serves all of its programs' area."""
    free_since: datetime | None = None
    recent_calls: int = 0
    """Calls that it finished within soft.LOAD_HOURS."""
    not_answering: bool = False
    refusal: Refusal | None = None
    """What this unit did with this incident before, or what else keeps it from this one call."""
    busy_with: str = ""
    """In words, what a busy unit does; empty where only that it is busy is known."""
    booked_at: datetime | None = None
    """When the next visit begins that it is booked for, in the centre's zone. It is free until then."""
    booked_for: str = ""
    """The number of the call that the visit was booked from."""


_CAPABILITIES = {"youth": "youth worker", "peer": "peer worker", "aed": "AED"}
"""Capabilities whose code is no word for what a crew has aboard. Some units have their languages among them."""


def capability_words(code: str) -> str:
    """What a unit with this capability has, as after “has no”."""
    return _CAPABILITIES.get(code) or LANGUAGE_NAMES.get(code) or code.replace("_", " ")


def language_words(code: str) -> str:
    """The name of a language; the code of one that the table does not have."""
    return LANGUAGE_NAMES.get(code, f"the language “{code}”")
