"""Fields that read what administrators write into what a spec stores."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms


class MinutesField(forms.DecimalField):
    """Minutes on the page, seconds in the spec."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("max_digits", 7)
        options.setdefault("decimal_places", 1)
        super().__init__(**options)

    def clean(self, value: Any) -> int | None:
        minutes = super().clean(value)
        return None if minutes is None else round(float(minutes) * 60)

    def prepare_value(self, value: Any) -> Any:
        return f"{value / 60:g}" if isinstance(value, int | float) else value


class WordsField(forms.CharField):
    """Codes with commas between them: `clinician, medic`."""

    def clean(self, value: Any) -> list[str]:
        text = super().clean(value)
        codes = [re.sub(r"[\s-]+", "_", part.strip().lower()) for part in text.split(",") if part.strip()]
        for code in codes:
            if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", code):
                raise forms.ValidationError(f"{code!r} is no code: letters, digits and underscores, commas between.")
        return list(dict.fromkeys(codes))

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list | tuple) else value


class CrewField(forms.CharField):
    """One seat a line: `1 clinician`, `2 officer armed`."""

    widget = forms.Textarea(attrs={"rows": 3})

    def clean(self, value: Any) -> list[dict[str, Any]]:
        rows = []
        for nth, line in enumerate(super().clean(value).splitlines(), 1):
            if not line.strip():
                continue
            found = re.fullmatch(r"\s*(\d)\s+([A-Za-z][\w -]{0,38}?)(\s+armed)?\s*", line)
            if not found or not 1 <= int(found[1]) <= 6:
                raise forms.ValidationError(f"Line {nth}: write a number from 1 to 6 and a role, such as: 1 clinician.")
            role = re.sub(r"[\s-]+", "_", found[2].strip().lower())
            rows.append({"role": role, "count": int(found[1]), "armed": bool(found[3]), "source": ["LOCAL"]})
        return rows

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            return value
        return "\n".join(f"{row['count']} {row['role']}{' armed' if row.get('armed') else ''}" for row in value)


class ContactsField(forms.CharField):
    """One contact a line: `Duty clinician: +1 303 555 0100`."""

    widget = forms.Textarea(attrs={"rows": 3})

    def clean(self, value: Any) -> list[dict[str, str]]:
        rows = []
        for nth, line in enumerate(super().clean(value).splitlines(), 1):
            if not line.strip():
                continue
            name, colon, number = line.partition(":")
            number = number.strip()
            if not colon or not name.strip() or not re.fullmatch(r"[+0-9][0-9 ().,;x*#/-]{2,39}", number):
                raise forms.ValidationError(f"Line {nth}: write a name, a colon and a number.")
            rows.append({"name": name.strip()[:80], "number": number})
        return rows

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            return value
        return "\n".join(f"{row['name']}: {row['number']}" for row in value if isinstance(row, Mapping))
