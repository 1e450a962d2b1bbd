"""What the pages of backtests and shadow runs post."""

from datetime import date

from django import forms

from interop.call_log.mapping import shipped

MOST_BYTES = 20_000_000
"""Of one imported log: about a hundred thousand calls. Larger ones go through `manage.py backtest`."""
MOST_MAP_BYTES = 200_000


def _maps() -> list[tuple[str, str]]:
    return [("", "My own mapping file"), *((name, name) for name in shipped())]


class AssumptionsForm(forms.Form):
    """What is assumed about units: how many at a time, and for how long a call holds one."""

    units = forms.IntegerField(
        min_value=1, max_value=500, error_messages={"required": "Say how many units there are at a time."}
    )
    minutes = forms.IntegerField(
        min_value=1, max_value=1440, error_messages={"required": "Say how long a call holds a unit, in minutes."}
    )


class BacktestForm(AssumptionsForm):
    """A period of stored decisions, or a call log with its mapping."""

    source = forms.ChoiceField(choices=[("decisions", "Decisions stored here"), ("log", "A call log (CSV)")])
    since = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    log = forms.FileField(required=False)
    log_map = forms.ChoiceField(required=False, choices=_maps)
    own_map = forms.FileField(required=False)

    def clean(self) -> dict[str, object]:
        """What belongs together is there, and no file is too large."""
        data = super().clean() or {}
        if data.get("source") == "decisions":
            since, until = data.get("since"), data.get("until")
            if not isinstance(since, date):
                self._once("since", "Say from which day on.")
            elif not isinstance(until, date):
                self._once("until", "Say up to which day.")
            elif until < since:
                self._once("until", "The period must end on or after the day it begins.")
        elif data.get("source") == "log":
            log, own = data.get("log"), data.get("own_map")
            if log is None:
                self._once("log", "Choose the log, a CSV file with a header line.")
            elif getattr(log, "size", 0) > MOST_BYTES:
                self._once("log", f"This file is larger than {MOST_BYTES // 1_000_000} MB: use manage.py backtest.")
            if own is None and not data.get("log_map"):
                self._once("log_map", "Choose the mapping that says what the columns mean.")
            elif own is not None and getattr(own, "size", 0) > MOST_MAP_BYTES:
                self._once("own_map", f"A mapping is not larger than {MOST_MAP_BYTES // 1000} kB.")
        return data

    def _once(self, field: str, words: str) -> None:
        if field not in self.errors:
            self.add_error(field, words)


class ShadowForm(AssumptionsForm):
    """For how long a version decides on the side."""

    days = forms.IntegerField(min_value=1, max_value=90, error_messages={"required": "Say for how many days."})
