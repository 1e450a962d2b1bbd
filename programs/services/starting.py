"""Programs begun from a preset, from a file, or from nothing."""

import re
from copy import deepcopy
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.access import require
from accounts.models import Agency, Centre, User
from accounts.problems import Refused
from programs.access import EDITORS
from programs.areas import Part, composed
from programs.models import Program, ProgramVersion
from programs.preset_schema import Preset
from programs.services.drafts import program_install
from programs.spec import DEFAULTS, spec_of
from triage.programs import SWITCH_NAMES

BLANK_RULES: tuple[dict[str, Any], ...] = (
    {"code": "weapon", "label": "A weapon is part of the call",
     "if": {"key": "weapon", "in": ["accessible", "threatened", "in_hand"]}},
    {"code": "violence", "label": "Violence or a threat of it",
     "if": {"key": "violence", "in": ["threats", "physical_recent", "physical_now"]}},
)  # fmt: skip
"""What every mobile program of the source guide shuts out; a blank one begins with it."""


def blank_spec(*, name: str, kind: str, response_class: str, on: str) -> dict[str, Any]:
    """The most cautious program there is: every local matter excluded, no nature, never open."""
    return {
        **deepcopy(DEFAULTS),
        "name": name,
        "summary": "",
        "as_of": on,
        "rules": {
            "slug": "",
            "name": name,
            "kind": kind,
            "response_class": response_class,
            "natures": [],
            "ages": None,
            "switches": dict.fromkeys(SWITCH_NAMES, "exclude"),
            "exclusions": deepcopy(list(BLANK_RULES)),
            "entry": [],
        },
        "hours": "off",
        "response_target_s": None,
        "max_wait_s": 1800,
        "offer_timeout_s": 45,
        "capabilities": [],
        "caller_script": "",
        "transport": "",
        "backup": "",
        "follow_ups": [],
        "crew": [],
        "unarmed": True,
        "area_parts": [],
        "preset": {},
    }


def free_slug(centre: Centre, wanted: str) -> str:
    """A slug that no program of the centre has, as near to what is wanted as can be."""
    base = re.sub(r"[^a-z0-9]+", "_", wanted.lower()).strip("_")[:44] or "program"
    base = base if base[0].isalpha() else f"program_{base}"
    taken = set(Program.objects.filter(centre=centre, slug__startswith=base).values_list("slug", flat=True))
    made, nth = base, 2
    while made in taken:
        made, nth = f"{base}_{nth}", nth + 1
    return made


@transaction.atomic
def program_start(
    *, centre: Centre, agency: Agency, spec: dict[str, Any], parts: list[Part], by: User, at: datetime
) -> ProgramVersion:
    """A new program of its own as a draft. Its slug is made from its name and taken nowhere else."""
    require(by, *EDITORS)
    if agency.centre_id != centre.pk:
        raise Refused("agency_unknown", "Choose an agency of this centre.", field="agency")
    made = deepcopy(spec)
    slug = free_slug(centre, made["name"])
    made["rules"].update(slug=slug, name=made["name"])
    made["area_parts"] = parts
    return program_install(centre=centre, agency=agency, spec=made, area=composed(parts) if parts else {}, by=by, at=at)


def preset_install(*, centre: Centre, agency: Agency, preset: Preset, by: User | None, at: datetime) -> ProgramVersion:
    """A preset, or a program's file, as a draft: a new version where a program of its slug exists."""
    spec = spec_of(preset)
    parts = [dict(part) for part in spec["area_parts"]]
    return program_install(centre=centre, agency=agency, spec=spec, area=composed(parts) if parts else {}, by=by, at=at)
