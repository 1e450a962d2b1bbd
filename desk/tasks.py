"""Celery tasks of the screens' own jobs. Lost, doubled or late, they do no harm: the rows are the queue."""

from celery import shared_task
from django.utils import timezone

from desk.backtest_work import backtests_work, shadows_work


@shared_task(name="desk.backtests")
def backtests() -> int:
    """Count the backtests that wait or whose worker died."""
    return backtests_work(timezone.now)


@shared_task(name="desk.shadows")
def shadows() -> int:
    """Count the decisions of the last minutes for every version in shadow."""
    return shadows_work(timezone.now)
