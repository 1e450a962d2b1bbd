from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models.centre import Agency, Centre


class User(AbstractUser):
    """A person who signs in. What they may do comes from their RoleGrants, never from Django's staff flag alone."""

    centre = models.ForeignKey(Centre, null=True, blank=True, on_delete=models.PROTECT, related_name="people")
    agency = models.ForeignKey(Agency, null=True, blank=True, on_delete=models.PROTECT, related_name="people")
    display_name = models.CharField(max_length=120, blank=True)
    languages = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    single_key_shortcuts = models.BooleanField(default=True)
    keymap = models.JSONField(
        default=dict, blank=True, help_text="console keys of one's own: default key to chosen key"
    )
    theme = models.CharField(max_length=5, default="dark", choices=[("dark", "Dark"), ("light", "Light")])

    density = models.CharField(
        max_length=11, default="comfortable", choices=[("comfortable", "Comfortable"), ("compact", "Compact")]
    )
    sound = models.CharField(
        max_length=3,
        blank=True,
        choices=[("", "As the position"), ("on", "On"), ("off", "Off")],
        help_text="empty: on for those who own alarms, off for call takers",
    )
    sound_volume = models.PositiveSmallIntegerField(default=5)
    queue_map = models.BooleanField(default=False, help_text="a map stands beside the queue")

    class Meta(AbstractUser.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    density__in=["comfortable", "compact"], sound__in=["", "on", "off"], sound_volume__range=(1, 10)
                ),
                name="person_settings_known",
            )
        ]

    def __str__(self) -> str:
        return self.display_name or self.username

    @property
    def initials(self) -> str:
        """Two letters for narrow columns."""
        parts = str(self).split()
        return "".join(part[0] for part in parts[:2]).upper()


class Role(models.TextChoices):
    """Design section 8."""

    CALL_TAKER = "call_taker", "Call taker"
    DISPATCHER = "dispatcher", "Dispatcher"
    CLINICIAN = "clinician", "Clinician"
    RESPONDER = "responder", "Responder"
    SUPERVISOR = "supervisor", "Supervisor"
    PROGRAM_ADMINISTRATOR = "program_administrator", "Program administrator"
    SYSTEM_ADMINISTRATOR = "system_administrator", "System administrator"
    ANALYST = "analyst", "Analyst"
    AUDITOR = "auditor", "Auditor"


class RoleGrant(models.Model):
    """One role of one person. One person may hold several: at night most centres have one to three seats."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="role_grants")
    role = models.CharField(max_length=24, choices=Role.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "role"], name="role_once_per_person"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.role}"
