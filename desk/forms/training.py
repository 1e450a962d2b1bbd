"""What practice posts."""

from django import forms


class StartForm(forms.Form):
    """A scripted call. `id` was made by the page: sent twice, it rings once."""

    id = forms.UUIDField()
    script = forms.CharField(max_length=8)


class AskForm(forms.Form):
    """One question to the caller."""

    key = forms.SlugField(max_length=32)
