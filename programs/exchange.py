"""A program as a file: the same YAML as a preset, out and in, with the line of whatever cannot be read."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import date
from typing import Any

import yaml
from pydantic import ValidationError

from accounts.problems import Refused
from programs.areas import MOST_PARTS, parts_of
from programs.preset_schema import SETTING_NAMES, Preset

MOST_BYTES = 1_000_000
LOCAL = "LOCAL"
_LOCAL_WORDS = "Set by the agency itself, in this product"
_SOURCED = (
    "natures",
    "ages",
    "capabilities",
    "response_target_s",
    "max_wait_s",
    "offer_timeout_s",
    "transport",
    "backup",
)


def program_text(spec: Mapping[str, Any], area: Mapping[str, Any], *, zone: str, on: date) -> str:
    """A version as a preset file. What the agency changed has LOCAL for its source, the rest keeps its own."""
    made = deepcopy(spec["preset"]) if spec.get("preset") else _blank(spec, zone, on)
    rules = spec["rules"]
    made.update(slug=rules["slug"], name=spec["name"], summary=spec.get("summary") or spec["name"])
    made.update(kind=rules["kind"], response_class=rules.get("response_class"), as_of=on.isoformat(), status="active")
    values = {name: rules.get(name) if name in ("natures", "ages") else spec.get(name) for name in _SOURCED}
    for name, value in values.items():
        _set(made, name, value, on)
    made["hours"] = {**made["hours"], "timezone": zone}
    if made["hours"]["value"] != spec["hours"]:
        made["hours"].update(value=spec["hours"], source=[LOCAL], as_of=on.isoformat(), verify_locally=False, note="")
    for name, value in rules.get("switches", {}).items():
        _set(made["switches"], name, value, on)
    for noun in ("exclusions", "entry"):
        old = {rule["code"]: rule for rule in made.get(noun) or []}
        made[noun] = [
            old[r["code"]] if r["code"] in old and _same(old[r["code"]], r) else {**r, "source": [LOCAL]}
            for r in rules.get(noun, [])
        ]
    made["crew"] = [{"source": [LOCAL], **row} for row in spec.get("crew", [])]
    made["follow_ups"] = [{"source": [LOCAL], **duty} for duty in spec.get("follow_ups", [])]
    made["caller_script"] = spec.get("caller_script", "")
    made.update({name: spec[name] for name in SETTING_NAMES if name in spec})
    made["coverage"] = {**made["coverage"], "areas": parts_of(spec, area)}
    made["sources"] = {**made.get("sources", {}), LOCAL: made.get("sources", {}).get(LOCAL, _LOCAL_WORDS)}
    return yaml.safe_dump(made, sort_keys=False, allow_unicode=True, width=110)


def _same(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    return bool(old["if"] == new["if"] and old["label"] == new["label"])


def _set(made: dict[str, Any], name: str, value: Any, on: date) -> None:
    if made[name]["value"] != value:
        made[name] = {"value": value, "source": [LOCAL], "as_of": on.isoformat()}


def _blank(spec: Mapping[str, Any], zone: str, on: date) -> dict[str, Any]:
    """The frame of a program that was begun without a preset."""
    local = {"source": [LOCAL], "as_of": on.isoformat()}
    return {
        "slug": "", "name": "", "place": "Here", "kind": "", "response_class": None, "summary": "",
        "as_of": on.isoformat(), "status": "active",
        "intake": {"value": ["911"], **local},
        "hours": {"value": spec["hours"], "timezone": zone, **local},
        "coverage": {"note": "As drawn", "bbox": None, "source": [LOCAL]},
        **{name: {"value": None, **local} for name in _SOURCED},
        "switches": {name: {"value": value, **local} for name, value in spec["rules"]["switches"].items()},
        "exclusions": [], "entry": [], "crew": [],
        "returns": {"value": [], **local},
        "caller_script": "", "special": [], "sources": {LOCAL: _LOCAL_WORDS},
    }  # fmt: skip


def program_read(text: str) -> Preset:
    """A program from its file. Raises Refused that names line and path of every problem, ten at most."""
    if len(text.encode()) > MOST_BYTES:
        raise Refused("file_too_big", "This is larger than 1 MB: no program file is.", field="file")
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        # An alias can make a small file enormous; a program file needs none.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise Refused(
                "file_alias", "YAML aliases (*name) are not used in program files: write it out.", field="file"
            )
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise Refused("file_yaml", f"{where}not readable as YAML: {error.problem}.", field="file") from None
    except (yaml.YAMLError, RecursionError, ValueError):
        raise Refused("file_yaml", "This is not a readable YAML file.", field="file") from None
    if not isinstance(data, dict):
        raise Refused("file_kind", "This is not a program file: it has no fields.", field="file")
    try:
        found = Preset.model_validate(data)
    except ValidationError as error:
        words = [_words(root, one["loc"], str(one["msg"]).removeprefix("Value error, ")) for one in error.errors()[:10]]
        raise Refused("file_fields", "\n".join(words), field="file") from None
    if len(found.coverage.areas) > MOST_PARTS:
        raise Refused("file_areas", f"coverage.areas: more than {MOST_PARTS} parts.", field="file")
    return found


def _words(root: Any, path: Sequence[Any], message: str) -> str:
    """`line 12, natures.value: message`; the line of the nearest thing that is there."""
    node, line = root, root.start_mark.line if root is not None else 0
    for step in path:
        if isinstance(node, yaml.MappingNode):
            pair = next(((k, v) for k, v in node.value if k.value == str(step)), None)
            if pair is None:
                break
            line, node = pair[0].start_mark.line, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line
        else:
            break
    where = ".".join(map(str, path)) or "the whole file"
    return f"line {line + 1}, {where}: {message}"
