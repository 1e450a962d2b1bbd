import uuid

from django.db import models
from django.db.models import Q

from accounts.models import Centre, User
from dispatch.models.incident import Incident
from dispatch.states import CALL_ENDS
from people.models import Person, Phone, Place


class Channel(models.TextChoices):
    """How a contact reached the centre (triage vocabulary)."""

    C911 = "911", "911"
    TEXT = "text_911", "Text to 911"
    RELAY = "relay_911", "Relay"
    NON_EMERGENCY = "non_emergency", "Non-emergency"
    C311 = "311", "311"
    C211 = "211", "211"
    C988 = "988", "988"
    C988_HANDOFF = "988_handoff", "988 hand-off"
    ON_VIEW = "police_on_view", "Police on view"
    POLICE = "police_referral", "Police referral"
    EMS = "ems_referral", "EMS referral"
    RADIO = "radio_unit", "Unit by radio"
    COURT = "court_order", "Court order"
    PARTNER = "partner_agency", "Partner agency"
    SELF = "self_referral", "Self referral"
    SYSTEM = "system_task", "System task"


class Call(models.Model):
    """One contact, from one caller. The row exists before the first keystroke, with an owner and a clock.

    `id` is made by the console and is the idempotency key: the same create twice is one call.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="calls")
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="calls")
    channel = models.CharField(max_length=16, choices=Channel.choices, default=Channel.C911)
    state = models.CharField(max_length=8, default="open", choices=[("open", "Open"), ("ended", "Ended")])
    ended_as = models.CharField(max_length=12, blank=True, choices=[(end, end) for end in CALL_ENDS])
    phone = models.ForeignKey(Phone, null=True, blank=True, on_delete=models.PROTECT, related_name="calls")
    phone_confirmed = models.BooleanField(default=False)
    person = models.ForeignKey(
        Person,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="the person of concern, linked by somebody; never a third party who calls about them",
    )
    local_nature = models.CharField(max_length=120, blank=True, help_text="as the source system wrote it")
    external_id = models.CharField(max_length=80, blank=True, help_text="number in the system it was imported from")
    late = models.BooleanField(default=False, help_text="reached the server over 60 s after it was taken")
    owner = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="calls_owned")
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    received_at = models.DateTimeField(help_text="server time")
    device_at = models.DateTimeField(null=True, blank=True, help_text="the console's own time, when it differs")
    ended_at = models.DateTimeField(null=True, blank=True)
    rang_at = models.DateTimeField(null=True, blank=True, help_text="when it began to ring, if the telephone says so")
    parked_at = models.DateTimeField(null=True, blank=True, help_text="put aside by its call taker, still on the line")
    whisper = models.BooleanField(default=False, help_text="the caller can only say yes or no, or press a key")
    promised_at = models.DateTimeField(
        null=True, blank=True, help_text="when the caller was promised to be called back"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", ended_as="", ended_at__isnull=True)
                | (Q(state="ended", ended_at__isnull=False, ended_as__in=CALL_ENDS)),
                name="call_end_is_whole",
            ),
            models.CheckConstraint(condition=Q(parked_at__isnull=True) | Q(state="open"), name="call_parked_is_open"),
            models.UniqueConstraint(
                fields=["centre", "external_id"], condition=~Q(external_id=""), name="imported_call_once"
            ),
        ]
        indexes = [
            models.Index(fields=["centre", "owner"], condition=Q(state="open"), name="call_open_by_owner"),
            models.Index(fields=["phone", "received_at"], name="call_by_phone"),
            models.Index(
                fields=["centre", "promised_at"], condition=Q(promised_at__isnull=False), name="call_promised"
            ),
            models.Index(fields=["centre", "received_at"], name="call_by_time"),
            models.Index(fields=["person", "-received_at"], condition=Q(person__isnull=False), name="call_by_person"),
        ]

    def __str__(self) -> str:
        return f"call {self.pk}"


HEADINGS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")


class LocationEntry(models.Model):
    """One statement of where. Locations are a history: a new row replaces nothing.

    `subject` keeps the carrier's idea of the caller's place apart from the incident's place; they are never merged.
    """

    class State(models.TextChoices):
        UNVERIFIED = "unverified", "Unverified"
        VERIFIED = "verified", "Verified"
        FORCED = "forced", "Forced"

    class Subject(models.TextChoices):
        INCIDENT = "incident", "Incident"
        CARRIER = "carrier", "Carrier, not verified"

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="locations")
    call = models.ForeignKey(Call, null=True, on_delete=models.PROTECT, related_name="locations")
    subject = models.CharField(max_length=8, choices=Subject.choices, default=Subject.INCIDENT)
    state = models.CharField(max_length=10, choices=State.choices)
    text = models.CharField(max_length=200)
    place = models.ForeignKey(Place, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    lat = models.FloatField(null=True, blank=True)
    lon = models.FloatField(null=True, blank=True)
    beat = models.CharField(max_length=40, blank=True)
    location_type = models.CharField(max_length=24, blank=True)
    moving = models.BooleanField(default=False, help_text="where somebody on the move was last seen")
    heading = models.CharField(max_length=2, blank=True, help_text="compass direction, while moving")
    seen_at = models.DateTimeField(null=True, blank=True, help_text="when they were seen there, while moving")
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        get_latest_by = "id"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["unverified", "verified", "forced"], subject__in=["incident", "carrier"]),
                name="location_state_known",
            ),
            models.CheckConstraint(
                condition=Q(lat__isnull=True, lon__isnull=True) | Q(lat__range=(-90, 90), lon__range=(-180, 180)),
                name="location_point_whole",
            ),
            models.CheckConstraint(
                condition=Q(moving=False, heading="", seen_at__isnull=True)
                | Q(moving=True, seen_at__isnull=False, heading__in=["", *HEADINGS]),
                name="location_moving_is_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["incident", "-id"], name="location_latest"),
            models.Index(fields=["place", "-id"], condition=Q(place__isnull=False), name="location_by_place"),
            models.Index(fields=["-id"], condition=Q(state="forced"), name="location_forced"),
        ]

    def __str__(self) -> str:
        return f"location of {self.incident_id}"


class Answer(models.Model):
    """One answer to one triage question, of one call. Append-only: a later answer stands beside the earlier one."""

    class Basis(models.TextChoices):
        TOLD = "told", "Told"
        SEEN = "seen", "Seen"
        HEARD = "heard", "Heard"
        ASSUMED = "assumed", "Assumed"
        PROTOCOL = "protocol", "From protocol"
        CREW = "crew", "From the crew"

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="answers")
    call = models.ForeignKey(Call, null=True, blank=True, on_delete=models.PROTECT, related_name="answers")
    source = models.CharField(max_length=48, help_text="call:<id> or unit:<id>: whose answer this is")
    key = models.CharField(max_length=32)
    value = models.JSONField(help_text='"unknown" is an answer too')
    basis = models.CharField(max_length=8, choices=Basis.choices, default=Basis.TOLD)
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        get_latest_by = "id"
        indexes = [models.Index(fields=["incident", "key", "-id"], name="answer_latest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(basis__in=["told", "seen", "heard", "assumed", "protocol", "crew"]),
                name="answer_basis_known",
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.incident_id}"
