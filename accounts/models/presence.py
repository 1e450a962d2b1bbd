from django.db import models

from accounts.models.user import User


class Presence(models.Model):
    """The last sign of life of a person's console. One silent for 60 s gives its open calls to the supervisor."""

    user = models.OneToOneField(User, primary_key=True, on_delete=models.CASCADE, related_name="presence")
    at = models.DateTimeField()
    page = models.CharField(max_length=20)

    def __str__(self) -> str:
        return f"{self.user} at {self.at:%H:%M:%S}"
