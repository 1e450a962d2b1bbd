"""What is wrong with a draft, place by place, each with its mend. Pure: reads the spec and what the centre has."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from programs.hours import ever_open
from programs.preset_schema import SETTING_NAMES, FollowUp, Settings
from programs.words import condition_words
from triage.programs import ProgramRules


@dataclass(frozen=True)
class Problem:
    """One thing to mend. `section`: the editor's section that holds it; `blocks`: it keeps the draft from review."""

    section: str
    field: str
    words: str
    blocks: bool = True


@dataclass(frozen=True)
class Around:
    """What the centre has around a draft: its zone, the fallbacks of the other programs, and the teams' units."""

    zone: ZoneInfo
    slug: str
    fallbacks: Mapping[str, tuple[str, ...]]
    """Slug to fallback list of every other program that is published or being drafted."""
    team_capabilities: frozenset[str] = frozenset()
    unit_count: int = 0


def problems(spec: Mapping[str, Any], area: Mapping[str, Any], around: Around, *, at: datetime) -> list[Problem]:
    """Everything that is wrong with a draft, in the order of the editor's sections."""
    return [
        *_basics(spec),
        *_area(area),
        *_hours(spec, around, at),
        *_rules(spec),
        *_crew(spec, around),
        *_offers(spec),
        *_fallback(spec, around),
        *_follow_ups(spec),
        *_words(spec),
        *_settings(spec),
    ]


def _basics(spec: Mapping[str, Any]) -> Iterable[Problem]:
    if not str(spec.get("name", "")).strip():
        yield Problem("basics", "name", "The program has no name.")
    if not str(spec.get("summary", "")).strip():
        yield Problem("basics", "summary", "Say in one sentence who comes and for what.", blocks=False)


def _area(area: Mapping[str, Any]) -> Iterable[Problem]:
    if not area or not area.get("coordinates"):
        yield Problem("area", "area", "The area is empty: add a district, beats, or import a polygon.")


def _hours(spec: Mapping[str, Any], around: Around, at: datetime) -> Iterable[Problem]:
    notation = str(spec.get("hours", "")).strip()
    try:
        if not notation or not ever_open(notation, at, around.zone):
            yield Problem(
                "hours", "notation", "It is never open in the next three years: give hours for at least one day."
            )
    except ValueError as error:
        yield Problem("hours", "notation", f"{error} Write for example Mo-Fr 09:00-17:00.")


def _rules(spec: Mapping[str, Any]) -> Iterable[Problem]:
    rules = spec["rules"]
    if rules.get("natures") == []:
        yield Problem("natures", "natures", "It takes no nature at all: tick at least one.")
    if rules.get("ages") == []:
        yield Problem("eligibility", "ages", "It takes no age at all: tick at least one, or take every age.")
    try:
        ProgramRules.from_dict(rules)
    except ValueError as error:
        for words in str(error).split("; "):
            section = (
                "natures"
                if words.startswith("natures")
                else "basics"
                if words.startswith(("name", "kind", "response"))
                else "eligibility"
            )
            yield Problem(section, "rules", f"{words[:1].upper()}{words[1:]}")
        return
    seen: dict[str, str] = {}
    for noun in ("exclusions", "entry"):
        for rule in rules.get(noun, []):
            if rule["code"] in seen:
                yield Problem("eligibility", "rules", f"Two rules have the code {rule['code']}: rename one.")
            seen[rule["code"]] = noun
    excluded = {condition_words(rule["if"]): rule["label"] for rule in rules.get("exclusions", [])}
    for rule in rules.get("entry", []):
        other = excluded.get(condition_words(rule["if"]))
        if other is not None:
            words = f"“{rule['label']}” must hold, and “{other}” shuts out exactly that: no call can pass. Remove one."
            yield Problem("eligibility", "rules", words)


def _crew(spec: Mapping[str, Any], around: Around) -> Iterable[Problem]:
    if spec["rules"].get("response_class") is None:
        return
    if not around.unit_count:
        yield Problem("crew", "teams", "No team with a unit serves it: without one, no call can be sent.", blocks=False)
        return
    wanted = [*spec.get("needs", [])]
    missing = sorted(set(wanted) - around.team_capabilities)
    if missing:
        words = (
            f"No unit of its teams has: {', '.join(missing)}. Calls would wait for ever; add it to a unit or drop it."
        )
        yield Problem("crew", "needs", words, blocks=False)


def _offers(spec: Mapping[str, Any]) -> Iterable[Problem]:
    wait, timeout, target = spec.get("max_wait_s"), spec.get("offer_timeout_s"), spec.get("response_target_s")
    if not isinstance(wait, int | float) or wait < 60:
        yield Problem("offers", "max_wait_min", "Promise a maximum wait of at least one minute.")
    if not isinstance(timeout, int | float) or timeout < 10:
        yield Problem("offers", "offer_timeout_s", "Give a crew at least 10 seconds to answer an offer.")
    elif isinstance(wait, int | float) and timeout >= wait:
        yield Problem("offers", "offer_timeout_s", "A crew may answer for longer than the caller is promised to wait.")
    if isinstance(target, int | float) and isinstance(wait, int | float) and target > wait:
        yield Problem("offers", "response_target_min", "The target is later than the maximum wait.", blocks=False)


def _fallback(spec: Mapping[str, Any], around: Around) -> Iterable[Problem]:
    own = tuple(spec.get("fallback") or ())
    for slug in own:
        if slug == around.slug:
            yield Problem("fallback", "fallback", "A program cannot fall back on itself.")
        elif slug not in around.fallbacks:
            yield Problem("fallback", "fallback", f"There is no program {slug} in this centre.")
    ring = fallback_ring(around.slug, own, around.fallbacks)
    if ring:
        words = f"The fallback goes in a circle: {' → '.join(ring)}. Take one of these steps out."
        yield Problem("fallback", "fallback", words)


def fallback_ring(slug: str, own: tuple[str, ...], others: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The first circle that the fallback lists make through `slug`, as slugs; empty when there is none."""
    paths = [[slug, step] for step in own if step != slug]
    done: set[str] = set()
    while paths:
        path = paths.pop(0)
        for step in others.get(path[-1], ()):
            if step == slug:
                return [*path, slug]
            if step not in done:
                done.add(step)
                paths.append([*path, step])
    return []


def _follow_ups(spec: Mapping[str, Any]) -> Iterable[Problem]:
    for duty in spec.get("follow_ups", []):
        try:
            FollowUp.model_validate(duty)
        except ValidationError as error:
            first = error.errors()[0]
            words = f"Duty {duty.get('title') or duty.get('code')}: {'.'.join(map(str, first['loc']))}: {first['msg']}."
            yield Problem("transport", "follow_ups", words)


def _words(spec: Mapping[str, Any]) -> Iterable[Problem]:
    if spec["rules"].get("response_class") is not None and not str(spec.get("caller_script", "")).strip():
        yield Problem("script", "caller_script", "Write what the call taker says to the caller.")


def _settings(spec: Mapping[str, Any]) -> Iterable[Problem]:
    try:
        Settings.model_validate({name: spec[name] for name in SETTING_NAMES if name in spec})
    except ValidationError as error:
        for one in error.errors():
            yield Problem("offers", str(one["loc"][0]), f"{str(one['loc'][0]).replace('_', ' ')}: {one['msg']}.")
