"""Which boards the walls of a centre show. A view is drawn once for all displays of the same size and layout."""

from dataclasses import dataclass

from accounts.models import Centre, DisplayDevice, DisplayLayout
from desk.wall_size import Room, WallSize, wall_size

Layout = DisplayLayout.Layout
USUAL = Room()
"""What is assumed of a person's own window: 65 inches, 1920 x 1080, seen from 5 m."""


@dataclass(frozen=True)
class WallView:
    """A layout, the rows that fit it, and for the layout of one program its slug."""

    layout: str
    calls: int
    units: int
    tight: bool = False
    program: str = ""

    @property
    def audience(self) -> str:
        """The live audience for which this view is drawn; `wall` is everybody's usual one."""
        if self == USUAL_VIEW:
            return "wall"
        tight = ".t" if self.tight else ""
        program = f".{self.program.lower()}" if self.program else ""
        return f"wall:{self.layout}.{self.calls}.{self.units}{tight}{program}"

    @property
    def element(self) -> str:
        """The id of the view's element."""
        return "wall-board" + self.audience.removeprefix("wall").replace(":", "-").replace(".", "-")


@dataclass(frozen=True)
class Turn:
    """One view of a rotation and how long it stands, in seconds."""

    view: WallView
    seconds: int


def _view(size: WallSize, layout: str, program: str = "") -> WallView:
    return WallView(layout, size.calls, size.units, size.tight, program)


USUAL_VIEW = _view(wall_size(USUAL), Layout.QUEUE)


def room_of(device: DisplayDevice) -> Room:
    """The device's panel, picture and farthest reader."""
    return Room(device.panel_inches, device.width_px, device.height_px, device.distance_cm / 100)


def _turns(device: DisplayDevice, layouts: list[DisplayLayout]) -> list[Turn]:
    size = wall_size(room_of(device))
    if not layouts:
        return [Turn(_view(size, Layout.QUEUE), 0)]
    return [Turn(_view(size, one.layout, one.program), one.seconds) for one in layouts]


def turns_of(device: DisplayDevice) -> list[Turn]:
    """What a display shows in turn: queue and units where nothing was chosen."""
    return _turns(device, list(device.layouts.all()))


def views_watched(centre: Centre) -> list[WallView]:
    """The views of all displays of a centre that are not revoked, and the usual one; each once. Two queries."""
    devices = DisplayDevice.objects.filter(centre=centre, revoked_at__isnull=True).prefetch_related("layouts")
    watched = [turn.view for device in devices for turn in _turns(device, list(device.layouts.all()))]
    return list(dict.fromkeys([USUAL_VIEW, *watched]))
