from django.db import models

from dispatch.models.incident import Incident
from responders.models import Unit


class Recommendation(models.Model):
    """The unit that the engine names to the dispatcher where the program lets only a person make the offer.

    One row while the incident waits for that person, gone with the offer. It holds no unit: it is advice.
    """

    incident = models.OneToOneField(Incident, primary_key=True, on_delete=models.CASCADE, related_name="recommendation")
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField(help_text="when the engine first had a unit to name for this wait")
    at = models.DateTimeField(help_text="when this unit was named")
    why = models.JSONField(default=dict, help_text="points, reasons and shortfalls at that moment")

    def __str__(self) -> str:
        return f"{self.unit} for {self.incident}"
