"""What the page of blank cards asks."""

from django import forms


class CardsForm(forms.Form):
    """How many blank cards to print."""

    copies = forms.IntegerField(min_value=1, max_value=50, required=False)
