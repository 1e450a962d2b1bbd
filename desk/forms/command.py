"""What the command line posts."""

from django import forms


class CommandForm(forms.Form):
    """One line as typed. `id` was made by the page; `selected` is the incident that the page shows."""

    id = forms.UUIDField()
    text = forms.CharField(max_length=4200, strip=False, error_messages={"required": "Type a command, or help."})
    selected = forms.UUIDField(required=False)


class UndoForm(forms.Form):
    """The token that came with what was done."""

    id = forms.UUIDField()
    token = forms.CharField(max_length=400)
