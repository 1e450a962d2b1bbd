"""How large a wall's text must be, and how much then fits. Pure: a room in, whole pixels and rows out.

ISO 9241-303 and NUREG-0700 ask that capitals be seen under 16 minutes of arc at least, at the greatest distance, and
20 to 22 preferably. `cap height = 2 * distance * tan(angle / 2)`; a font's size is its cap height over its cap ratio.
All pixels here are of a picture that is 1920 wide: the page scales them, so that a 3840 x 2160 panel, or a browser that
counts two device pixels as one, shows text of the same size on the glass.
"""

from dataclasses import dataclass
from math import hypot, pi, tan

CAP_RATIO = 0.73
"""Height of capitals and figures of B612, part of the font size."""
FLOOR_ARCMIN, PREFERRED_ARCMIN = 16.0, 20.0
SMALLEST, LARGEST = 30, 62
"""px. Below, a near wall would hold more rows than anybody reads; above, a row no longer fits the width."""
MOST_ROWS = 30
PICTURE = 1920
_HEADLINE, _MORE, _FOOT, _ROW, _SIMULATED = 2.35, 1.08, 62, 1.385, 42
"""Parts of the text size, and px: what wall.css gives to each part of the board."""


@dataclass(frozen=True)
class Room:
    """A panel and where its farthest reader stands: diagonal in inches, picture in px, distance in metres."""

    inches: float = 65
    width: int = 1920
    height: int = 1080
    distance: float = 5.0

    @property
    def pitch_mm(self) -> float:
        """Distance of two pixels' middles, of a picture 1920 wide."""
        return self.inches * 25.4 / hypot(self.width, self.height) * self.width / PICTURE


@dataclass(frozen=True)
class WallSize:
    """px of a picture 1920 wide: data text, and the picture's height; rows of calls and of units that fit.

    `readable`: whether data text is seen under 16 minutes of arc.
    """

    text: int
    height: int
    calls: int
    units: int
    arcmin: float

    @property
    def readable(self) -> bool:
        return self.arcmin >= FLOOR_ARCMIN

    @property
    def tight(self) -> bool:
        """Whether the text is so large that beats and the units' ages must make room."""
        return self.text > 54


def text_px(room: Room, arcmin: float) -> float:
    """Font size in px at which capitals are seen under `arcmin` minutes of arc."""
    cap_mm = 2 * room.distance * 1000 * tan(arcmin / 60 / 2 * pi / 180)
    return cap_mm / room.pitch_mm / CAP_RATIO


def arcmin_of(room: Room, px: float) -> float:
    """The angle in minutes of arc under which capitals of a font of `px` are seen."""
    return px / text_px(room, 1.0)


def farthest(room: Room) -> float:
    """The greatest distance in metres at which this panel can be read, at the largest text."""
    return room.distance * arcmin_of(room, LARGEST) / FLOOR_ARCMIN


def wall_size(room: Room) -> WallSize:
    """Text at the preferred angle where the board still fits, and the rows that fit beside headline, titles and foot.

    52 px, the design's size, for 65 inches seen from 5 m.
    """
    text = max(SMALLEST, min(LARGEST, int(text_px(room, PREFERRED_ARCMIN))))
    height = round(room.height * PICTURE / room.width)
    left = height - _SIMULATED - _FOOT - _HEADLINE * text
    row, line = _ROW * text, _MORE * text
    return WallSize(
        text=text,
        height=height,
        # Two titles and two "more" lines on the left, one of each on the right.
        calls=max(1, min(MOST_ROWS, int((left - 4 * line) / row))),
        units=max(1, min(MOST_ROWS, int((left - 2 * line) / row))),
        arcmin=round(arcmin_of(room, text), 1),
    )
