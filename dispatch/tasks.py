"""Celery tasks: ids in, one service out. Lost, doubled or late, they do no harm."""

from celery import shared_task
from django.utils import timezone

from accounts.models import Centre
from dispatch.services.offers import offers_run


@shared_task(name="dispatch.offer")
def offer(centre_id: int) -> int:
    """Offer a centre's pending incidents."""
    return len(offers_run(centre=Centre.objects.get(pk=centre_id), at=timezone.now()))


@shared_task(name="dispatch.offer_pending")
def offer_pending() -> int:
    """Beat's round over all centres; the sweeper's twin through the broker."""
    at = timezone.now()
    return sum(len(offers_run(centre=centre, at=at)) for centre in Centre.objects.all())
