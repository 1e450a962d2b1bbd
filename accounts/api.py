"""What every API class stands on: who asks, for which centre, at what time, and input that is checked by name."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.access import DenyAll, centre_of, require_member
from accounts.models import Centre, User
from accounts.problems import Refused
from accounts.services import presence_note

F = TypeVar("F", bound=Callable[..., Any])
SIMULATED_HEADER = "X-Simulated-By"
"""Sent by the simulator and by replay. Refused outside a simulated centre; never counts as a person's presence."""
IDEMPOTENCY_HEADER = "Idempotency-Key"
"""A UUID made by the client; the id of what is created where the body names none."""
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class ProblemSerializer(serializers.Serializer[Any]):
    """An RFC 9457 problem: `type` is a stable URN of `code`; `errors` names fields and what to do about them."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField(required=False)
    state = serializers.CharField(required=False, help_text="the present state, where the state forbids the action")
    errors = serializers.DictField(  # type: ignore[assignment]  # a declared field; the metaclass takes it out
        child=serializers.ListField(child=serializers.CharField()), required=False, help_text="field to messages"
    )


class InputSerializer(serializers.Serializer[Any]):
    """A request body. A field that is not known is an error: a misspelt one must not be lost in silence."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = sorted(str(name)[:40] for name in set(data) - set(self.fields))
            if unknown:
                raise serializers.ValidationError({name: ["There is no such field here."] for name in unknown})
        return super().to_internal_value(data)


class CodeField(serializers.ChoiceField):
    """One of a list of codes. Its refusal names the list and never repeats what was sent."""

    def __init__(self, choices: Any, **more: Any) -> None:
        super().__init__(choices, **more)
        self.error_messages["invalid_choice"] = f"Choose one of {', '.join(map(str, self.choices))}."


class InstantField(serializers.DateTimeField):
    """An instant with its offset from UTC (RFC 3339). A time without an offset could be anybody's and is refused."""

    default_error_messages = {
        "offset": "Give the offset from UTC, for example 2026-03-01T21:30:00-06:00.",
        "range": "This time is not of this century.",
    }

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            self.fail("offset")
        if not _EARLIEST <= value <= _LATEST:
            self.fail("range")
        return value.astimezone(UTC)


@cache
def _shape(kind: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """One for all requests: checking keeps nothing, and building the fields costs more than checking them."""
    return kind()


class CentreView(APIView):
    """An API class for the people of one centre. Each names its own `permission_classes`; without, it admits nobody."""

    permission_classes = [DenyAll]
    at: datetime
    """The server's time of the request."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.at = timezone.now()
        super().initial(request, *args, **kwargs)
        if self.simulated and not self.centre.simulated:
            raise PermissionDenied("This centre is not simulated: nothing simulated may act in it.")

    @property
    def person(self) -> User:
        """Who asks. Raises PermissionDenied for somebody without a role."""
        return require_member(self.request.user)

    @property
    def centre(self) -> Centre:
        return centre_of(self.person)

    @property
    def simulated(self) -> bool:
        """Whether the simulator speaks."""
        return bool(self.request.headers.get(SIMULATED_HEADER))

    def note_presence(self, page: str) -> None:
        """A person, not the simulator, is using this sign-in now."""
        if not self.simulated:
            presence_note(user=self.person, page=page, at=self.at)

    def checked(self, serializer: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """The request's body, checked. Raises ValidationError, which becomes a 422 that names the fields."""
        given = self.request.data
        if given is None:
            raise serializers.ValidationError({"non_field_errors": ["Send a JSON object."]})
        return dict(_shape(serializer).run_validation(given))

    def create_id(self, given: UUID | None) -> UUID:
        """The id of what is created: the body's, else the Idempotency-Key, else a new one. Raises Refused."""
        if given is not None:
            return given
        key = self.request.headers.get(IDEMPOTENCY_HEADER, "").strip()
        if not key:
            return uuid4()
        try:
            return UUID(key)
        except ValueError as error:
            raise Refused("idempotency_key_invalid", f"{IDEMPOTENCY_HEADER} must be a UUID.") from error

    def flag(self, name: str, default: bool) -> bool:
        """A query parameter that is 1 or 0. Raises Refused."""
        text = self.request.query_params.get(name, "1" if default else "0")
        if text not in {"0", "1"}:
            raise Refused("query_invalid", f"{name} is 1 or 0.", field=name)
        return text == "1"

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        """A whole number among the query parameters. Raises Refused."""
        text = self.request.query_params.get(name, str(default))
        if not text.isascii() or not text.isdecimal() or len(text) > 9 or not least <= int(text) <= most:
            raise Refused("query_invalid", f"{name} is a whole number from {least} to {most}.", field=name)
        return int(text)


_PROBLEMS = {
    401: "Signed out",
    403: "The person's role, or whose it is, does not allow it",
    404: "Not there, or of another centre",
    409: "The present state does not allow it; `state` names it where it is one of a table",
    422: "What was sent cannot be accepted; `errors` names the fields",
    503: "Busy, or the database is away: nothing was stored; send it again after `Retry-After`",
}
_BODY_PROBLEMS = {
    400: "The body is no JSON",
    408: "The body was cut short on the way: nothing was done; send it again",
    411: "The body has no Content-Length",
    413: "The body is larger than 20 MB",
    415: "The body is of another type: send JSON",
}
"""Of what has a body; all but the first and the last come from config.whole_body."""
_CREATE_KEY = OpenApiParameter(
    name=IDEMPOTENCY_HEADER,
    type={"type": "string", "format": "uuid"},
    location=OpenApiParameter.HEADER,
    required=False,
    description="The id of what is created, where the body names none: the same create twice is one.",
)


def described(
    operation: str,
    tag: str,
    answer: Any,
    *,
    body: Any = None,
    status: int = 200,
    again: bool = False,
    query: Mapping[str, str] | None = None,
) -> Callable[[F], F]:
    """The OpenAPI entry of one method. `again`: a create that answers 200 when it was done before."""
    good: dict[int, Any] = {status: OpenApiResponse(answer)}
    if again:
        good[200] = OpenApiResponse(answer, description="It was there already")
    problems = {
        (code, "application/problem+json"): OpenApiResponse(ProblemSerializer, description=words)
        for code, words in sorted({**_PROBLEMS, **(_BODY_PROBLEMS if body is not None else {})}.items())
    }
    parameters: list[Any] = [
        OpenApiParameter(name=name, type=str, required=False, description=words)
        for name, words in (query or {}).items()
    ]
    if again:
        parameters.append(_CREATE_KEY)
    return extend_schema(
        operation_id=operation, tags=[tag], request=body, responses={**good, **problems}, parameters=parameters
    )
