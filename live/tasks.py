"""Celery tasks of the live boards."""

from datetime import UTC, datetime

from celery import shared_task

from live import services


@shared_task(name="live.events_forget")
def events_forget() -> int:
    """Drop event rows that nobody needs any more."""
    return services.events_forget(at=datetime.now(UTC))
