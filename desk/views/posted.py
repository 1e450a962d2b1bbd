"""What a console may have to send again: recognised by its id, and shown to the person where it came too late."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from accounts.models import User
from accounts.problems import Refused
from desk.actions import form_of
from desk.forms.call import PostForm
from dispatch.models import Call
from dispatch.services.call_drafts import draft_sent
from dispatch.services.console_posts import ACTS, Landed, console_post


@contextmanager
def posted(
    request: HttpRequest,
    call: Call,
    what: str,
    said: str,
    user: User,
    at: datetime,
    *,
    key: str = "",
    value: Any = None,
    field: str = "",
    moved: Callable[[], bool] | None = None,
) -> Iterator[Landed]:
    """See `console_post`. `field`: whose unsent words these were, which are let go.

    Raises Refused for a decision, an end or a transfer that came too late to be done unseen; the note of it stays.
    """
    data = form_of(PostForm(request.POST)).cleaned_data
    pressed = data["device_at"]
    with console_post(
        id=data["post"], call=call, what=what, said=said, by=user, at=at, device_at=pressed, key=key, value=value,
        moved=moved,
    ) as landed:  # fmt: skip
        yield landed
    if landed.overtaken and what in ACTS:
        when = f" at {pressed.astimezone(call.incident.centre.zone):%H:%M}" if pressed is not None else ""
        raise Refused(
            "overtaken",
            f"Pressed{when} while nothing could be sent, and not done: the call has changed since. Look at it, and"
            " press again if it still stands.",
            status=409,
        )
    if field:
        draft_sent(call=call, field=field, by=user, typed_by=pressed, at=at)
