"""What a program version stores: a preset's values without their provenance, which stays beside them under `preset`."""

from typing import Any

from programs.preset_schema import SETTING_NAMES, Preset, Settings

DEFAULTS: dict[str, Any] = Settings().model_dump(mode="json")
"""What a spec without a setting means (programs.preset_schema.Settings says what each is)."""


def spec_of(preset: Preset, *, hours: str = "") -> dict[str, Any]:
    """The spec of a version installed from a preset, in JSON values. `hours` replaces the preset's (OSM notation).

    Read by programs.selectors (`rules`, `hours`, `*_s` seconds) and by the screens (`summary`, `caller_script`).
    """
    plain = preset.model_dump(mode="json", by_alias=True)
    return {
        **{name: plain[name] for name in SETTING_NAMES},
        "name": preset.name,
        "summary": preset.summary,
        "as_of": preset.as_of.isoformat(),
        "rules": preset.rules,
        "hours": hours or preset.hours.value,
        "response_target_s": preset.response_target_s.value,
        "max_wait_s": preset.max_wait_s.value,
        "offer_timeout_s": preset.offer_timeout_s.value,
        "capabilities": list(preset.capabilities.value),
        "caller_script": preset.caller_script,
        "transport": preset.transport.value,
        "backup": preset.backup.value,
        "follow_ups": [duty.model_dump(mode="json") for duty in preset.follow_ups],
        "crew": plain["crew"],
        "unarmed": not any(role.armed for role in preset.crew),
        "area_parts": plain["coverage"]["areas"],
        "preset": plain,
    }


def setting(spec: dict[str, Any] | None, name: str) -> Any:
    """A setting of a spec, or its default. Raises KeyError for a name that is none."""
    default = DEFAULTS[name]
    return default if spec is None else spec.get(name, default)
