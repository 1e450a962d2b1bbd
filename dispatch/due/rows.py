"""How a job works through its due rows."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db import connection, transaction
from django.db.models import Model

from accounts.models import Centre

M = TypeVar("M", bound=Model)
logger = logging.getLogger(__name__)


def each(centre: Centre, rows: Iterable[M], act: Callable[[M], bool]) -> int:
    """Do one thing for each row in a transaction of its own; a row that fails is logged and stops no other."""
    count = 0
    for row in list(rows):
        try:
            with transaction.atomic():
                count += act(row)
        except Exception:
            if not connection.is_usable():
                raise
            logger.exception("due row failed", extra={"row": str(row.pk), "centre": centre.pk})
    return count
