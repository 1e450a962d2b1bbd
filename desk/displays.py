"""Which wall display asks: a named device with a token in a cookie, never a person's session."""

from django.http import HttpRequest

from accounts.models import DisplayDevice
from accounts.services import display_hash

COOKIE = "dd_display"
COOKIE_AGE_S = 400 * 86400


def session_key_of(device: DisplayDevice) -> str:
    """The key under which the device's live streams are known and can be closed."""
    return f"display:{device.pk}:{device.token_hash}"


def device_of(request: HttpRequest) -> DisplayDevice | None:
    """The display behind a request, unless its token was revoked. Asked once a request."""
    if not hasattr(request, "display_device"):
        token = request.COOKIES.get(COOKIE, "")
        found = (
            DisplayDevice.objects.filter(token_hash=display_hash(token), revoked_at__isnull=True)
            .select_related("centre")
            .first()
            if token
            else None
        )
        request.display_device = found  # type: ignore[attr-defined]  # ours, kept for this request
    device: DisplayDevice | None = request.display_device  # type: ignore[attr-defined]  # set above
    return device
