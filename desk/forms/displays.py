"""A wall display: its name, its room, and what it shows in turn."""

from typing import Any

from django import forms

from accounts.models import DisplayDevice, DisplayLayout
from desk.wall_size import Room, farthest, wall_size

PLACES = 5
"""Layouts that a display can show in turn."""


class DisplayForm(forms.Form):
    """A wall display's name."""

    name = forms.CharField(max_length=80, error_messages={"required": "Name the display, for example after its room."})


class RoomForm(DisplayForm):
    """The panel and the farthest reader. Refused where the text could not be read from there."""

    inches = forms.IntegerField(min_value=20, max_value=150, label="Panel, inches across the corners")
    width = forms.IntegerField(min_value=800, max_value=7680, label="Picture width, px")
    height = forms.IntegerField(min_value=600, max_value=4320, label="Picture height, px")
    distance = forms.DecimalField(min_value=0.5, max_value=30, decimal_places=1, label="Farthest reader, metres")
    theme = forms.ChoiceField(choices=DisplayDevice.Theme.choices, label="Light or dark")

    @property
    def room(self) -> Room:
        """The room as typed; call it on a valid form."""
        given = self.cleaned_data
        return Room(given["inches"], given["width"], given["height"], float(given["distance"]))

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if not {"inches", "width", "height", "distance"} <= given.keys():
            return given
        if not 1.2 <= given["width"] / given["height"] <= 2.4:
            self.add_error("height", "A wall is wider than high: 5:4 to 21:9.")
        elif not wall_size(self.room).readable:
            self.add_error(
                "distance", f"Too far for this panel: it can be read from {farthest(self.room):.1f} m at most."
            )
        return given


class LayoutForm(forms.Form):
    """One place of the rotation; empty for none."""

    layout = forms.ChoiceField(choices=[("", "Nothing"), *DisplayLayout.Layout.choices], required=False)
    program = forms.SlugField(required=False)
    seconds = forms.IntegerField(min_value=10, max_value=600, required=False)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("layout") == DisplayLayout.Layout.PROGRAM and not given.get("program"):
            self.add_error("program", "Choose the program.")
        return given

    @property
    def chosen(self) -> tuple[str, str, int] | None:
        """(layout, program, seconds), or None for an empty place; call it on a valid form."""
        layout = self.cleaned_data["layout"]
        if not layout:
            return None
        program = self.cleaned_data["program"] if layout == DisplayLayout.Layout.PROGRAM else ""
        return layout, program, self.cleaned_data["seconds"] or 30
