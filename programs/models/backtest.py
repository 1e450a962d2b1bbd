"""Backtests of a version over past calls: the job's row is its queue, and the result stays with the version."""

import uuid

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from programs.models.program import ProgramVersion
from programs.models.protocol import ProtocolVersion


class BacktestRun(models.Model):
    """One backtest, from the request to the result. A lost message or a killed worker loses no run.

    `spec` and `area` are what the version said when it was asked for, so a later change of the draft does not mix in.
    `tally` and `cursor` are how far the counting came; `lease` and `heard_at` tell whether a worker is at it.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Waits for a worker"
        RUNNING = "running", "Running"
        FINISHED = "finished", "Finished"
        CANCELLED = "cancelled", "Cancelled"
        FAILED = "failed", "Failed"

    class Source(models.TextChoices):
        DECISIONS = "decisions", "Decisions stored here"
        LOG = "log", "A call log"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(ProgramVersion, on_delete=models.CASCADE, related_name="backtests")
    live = models.ForeignKey(ProgramVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    protocol = models.ForeignKey(ProtocolVersion, on_delete=models.PROTECT, related_name="+")
    spec = models.JSONField()
    area = models.JSONField()
    source = models.CharField(max_length=12, choices=Source.choices)
    from_at = models.DateTimeField(null=True, blank=True)
    until_at = models.DateTimeField(null=True, blank=True)
    log_name = models.CharField(max_length=120, blank=True)
    log_map = models.CharField(max_length=80, blank=True)
    log_bad = models.PositiveIntegerField(default=0, help_text="rows of the log that could not be read")
    units = models.PositiveSmallIntegerField()
    minutes = models.PositiveSmallIntegerField()
    seed = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    cursor = models.CharField(max_length=80, blank=True)
    tally = models.JSONField(null=True, blank=True)
    result = models.JSONField(null=True, blank=True)
    problem = models.CharField(max_length=200, blank=True)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    lease = models.UUIDField(null=True, blank=True)
    heard_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-requested_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running", "finished", "cancelled", "failed"]),
                name="backtest_state_known",
            ),
            models.CheckConstraint(
                condition=Q(
                    source="decisions", from_at__isnull=False, until_at__isnull=False, until_at__gt=F("from_at")
                )
                | (Q(source="log", from_at__isnull=True, until_at__isnull=True) & ~Q(log_name="")),
                name="backtest_has_one_source",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"], finished_at__isnull=True)
                | Q(state__in=["finished", "cancelled", "failed"], finished_at__isnull=False),
                name="backtest_ends_once",
            ),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(lease__isnull=False, heard_at__isnull=False),
                name="backtest_running_has_a_worker",
            ),
            models.CheckConstraint(
                condition=~Q(state="finished") | Q(result__isnull=False), name="backtest_finishes_with_a_result"
            ),
            models.CheckConstraint(
                condition=Q(units__gte=1) & Q(minutes__range=(1, 1440)), name="backtest_assumptions_possible"
            ),
            models.UniqueConstraint(
                fields=["version"], condition=Q(state__in=["queued", "running"]), name="backtest_one_at_a_time"
            ),
        ]
        indexes = [
            models.Index(fields=["requested_at"], condition=Q(state__in=["queued", "running"]), name="backtest_due"),
        ]

    def __str__(self) -> str:
        return f"backtest of {self.version_id}"


class BacktestBatch(models.Model):
    """Calls of an imported log that still wait to be counted: time, nature and place, no names and no streets.

    They are deleted when the run ends.
    """

    run = models.ForeignKey(BacktestRun, on_delete=models.CASCADE, related_name="batches")
    number = models.PositiveIntegerField()
    cases = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="backtest_batch_once")]

    def __str__(self) -> str:
        return f"batch {self.number}"
