"""What the sections of the editor have in common."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms

from programs.services.drafts import value_at
from programs.spec import DEFAULTS


class Section(forms.Form):
    """A section: `names` maps a field to the spec's name of it (`rules.natures` lies in the rules)."""

    slug: ClassVar[str]
    title: ClassVar[str]
    names: ClassVar[dict[str, str]] = {}

    @classmethod
    def initial_of(cls, spec: Mapping[str, Any]) -> dict[str, Any]:
        """What the form shows of a spec."""
        found = {}
        for field, name in cls.names.items():
            value = value_at(spec, name)
            found[field] = DEFAULTS.get(name) if value is None else value
        return found

    def values(self) -> dict[str, Any]:
        """Spec name to value, of a valid form."""
        return {name: _plain(self.cleaned_data[field]) for field, name in self.names.items()}


def _plain(value: Any) -> Any:
    """Lines end as the spec has them, not as browsers send them."""
    return value.replace("\r\n", "\n") if isinstance(value, str) else value
