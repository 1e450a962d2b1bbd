"""What upper apps tell the live boards: how an entity is drawn for each audience, and who may watch an audience.

Call these in ``AppConfig.ready()``. Audiences are words such as ``console``, ``wall``, ``public`` or ``unit:<uuid>``:
lower case, digits, ``-``, ``_``, ``:`` and ``.``, 80 characters at most.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

logger = logging.getLogger(__name__)

_AUDIENCE = re.compile(r"[a-z0-9][a-z0-9_.:-]{0,79}\Z")


@dataclass(frozen=True, slots=True)
class Frame:
    """One or more drawn elements for everybody who watches ``audience``; never drawn per viewer."""

    audience: str
    html: str


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks for a stream: the centre whose boards are watched, and the key of the session that allows it."""

    centre_id: int
    session_key: str


Changed = Mapping[str, Sequence[UUID]]
"""Entity to the ids that changed, each once whatever the number of events; never an empty sequence."""
Render = Callable[[int, Changed], Iterable[Frame]]
AccessRule = Callable[[HttpRequest, str, int], bool]
ViewerOf = Callable[[HttpRequest], "Viewer | None"]

_renders: dict[Render, frozenset[str]] = {}
_rules: dict[str, AccessRule] = {}
_viewer_of: ViewerOf | None = None


def is_audience(name: str) -> bool:
    """Whether a word can name an audience."""
    return _AUDIENCE.match(name) is not None


def register(render: Render, *entities: str) -> None:
    """Draw what changed with ``render(centre_id, changed)`` after each batch of events about any of ``entities``.

    ``render`` reads the present state of the ids in ``changed`` (only entities that it is registered for, all of one
    centre) and returns frames in the order in which they are to be applied. It runs in the renderer, outside a
    transaction, and must cost a constant number of queries. Once per batch and centre: what several entities share, as
    a wall board does, is drawn once.
    """
    _renders[render] = _renders.get(render, frozenset()) | frozenset(entities)


def renders() -> tuple[tuple[Render, frozenset[str]], ...]:
    """All renders with the entities that they draw, in the order of registration."""
    return tuple(_renders.items())


def render_failed(entity: str, error: Exception) -> None:
    """Say what failed and where, never the error's text, which may quote personal data."""
    places = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-4:]]
    logger.error("live render failed", extra={"entity": entity, "error": type(error).__name__, "places": places})


def register_access(audience_prefix: str, rule: AccessRule) -> None:
    """Let ``rule(request, audience, centre_id)`` decide who may watch ``audience_prefix`` and ``audience_prefix:...``.

    The longest registered prefix decides alone. An audience without a rule is watched by nobody. Raises
    ImproperlyConfigured for a word that cannot name an audience or already has another rule.
    """
    if not is_audience(audience_prefix):
        raise ImproperlyConfigured(f"{audience_prefix!r} cannot name an audience.")
    if _rules.get(audience_prefix, rule) is not rule:
        raise ImproperlyConfigured(f"The audience {audience_prefix!r} already has an access rule.")
    _rules[audience_prefix] = rule


def may_watch(request: HttpRequest, audience: str, centre_id: int) -> bool:
    """Whether the person or device behind ``request`` may watch ``audience``. Denied unless a rule admits it."""
    if not is_audience(audience):
        return False
    prefix = audience
    while prefix not in _rules:
        prefix, separator, _ = prefix.rpartition(":")
        if not separator:
            return False
    return _rules[prefix](request, audience, centre_id)


def register_viewer(viewer_of: ViewerOf) -> None:
    """Let ``viewer_of(request)`` say who asks for a stream, or None to refuse.

    Without one, a signed-in person is the viewer and the page names the centre (``data-live-centre``, checked by the
    access rules). Needed for display tokens, whose key is not that of a person's session.
    """
    global _viewer_of
    _viewer_of = viewer_of


def viewer_of(request: HttpRequest) -> Viewer | None:
    """Who asks for a stream, or None if nobody who may."""
    if _viewer_of is not None:
        return _viewer_of(request)
    user = getattr(request, "user", None)
    key = request.session.session_key if hasattr(request, "session") else None
    centre = request.GET.get("centre", "")
    if user is None or not user.is_authenticated or not key or not centre.isascii() or not centre.isdigit():
        return None
    return Viewer(centre_id=int(centre), session_key=key)
