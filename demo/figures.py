"""How often people call in the demo city, and how long visits last: figures taken from public logs, as numbers.

- Burlington, Vermont, police incidents of January to April 2022 (city open data, ODbL): the 5,197 rows that came by
  telephone or 911, by true local hour.
- Lane County, Oregon, mobile crisis dispatches of August 2024 to June 2025 (MIT): time on scene, and how visits ended.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Mapping

HOURLY = (
    169, 123, 124, 74, 67, 51, 99, 142, 258, 262, 280, 274, 308,
     280, 330, 366, 384, 282, 271, 244, 214, 203, 198, 194,
)  # fmt: skip
"""Calls by true local hour, 0 to 23 (Burlington, telephone and 911, 120 days)."""

HOURLY_OF: Mapping[str, tuple[int, ...]] = {
    "crisis": (8, 2, 5, 6, 7, 7, 6, 9, 17, 14, 20, 13, 22, 20, 16, 15, 29, 12, 21, 15, 8, 9, 11, 6),
    "welfare": (12, 13, 0, 0, 7, 2, 6, 4, 9, 13, 17, 12, 17, 14, 16, 19, 26, 20, 10, 15, 11, 19, 13, 7),
    "intoxication": (9, 7, 13, 3, 1, 2, 0, 1, 2, 0, 3, 2, 1, 2, 1, 7, 0, 0, 5, 7, 7, 10, 5, 5),
    "trespass": (2, 7, 7, 4, 4, 2, 13, 9, 7, 13, 7, 6, 9, 6, 13, 13, 11, 15, 10, 8, 5, 6, 6, 3),
    "disturbance": (21, 10, 12, 1, 0, 0, 3, 3, 1, 2, 2, 12, 11, 12, 10, 13, 9, 14, 5, 7, 9, 12, 8, 6),
}
"""The same by nature: mental health issue 298, welfare check 282, intoxication 93, trespass 186, disturbance 183."""

ON_SCENE_MINUTES = ((0.0, 2.0), (0.10, 5.0), (0.25, 10.0), (0.50, 22.0), (0.75, 40.0), (0.90, 62.0), (1.0, 100.0))
"""Share of visits that were over after so many minutes (Lane County, 1,972 visits with both times; both ends ours)."""

VISIT_ENDS = (("engaged", 1245), ("unable_to_locate", 392), ("refused", 244))
"""How a visit that was not called off ended (Lane County, spellings joined)."""
STAYED_OF_ENGAGED = 0.85
"""Share that remained in the community: 1,776 of 2,079 with a disposition other than "Other"."""


def rate_at(hour: int, mean_per_hour: float) -> float:
    """Calls per hour at this local hour, when the day's mean is `mean_per_hour`."""
    return mean_per_hour * HOURLY[hour] * 24 / sum(HOURLY)


def on_scene_minutes(rng: random.Random) -> float:
    """Minutes from arrival to departure, drawn from the Lane County quantiles (linear between them)."""
    share = rng.random()
    upper = max(1, bisect_left([step for step, _ in ON_SCENE_MINUTES], share))
    (low_share, low), (high_share, high) = ON_SCENE_MINUTES[upper - 1], ON_SCENE_MINUTES[upper]
    return low + (high - low) * (share - low_share) / (high_share - low_share)


def visit_end(rng: random.Random) -> str:
    """`remained`, `transported`, `unable_to_locate` or `refused`, as often as in Lane County."""
    chosen = rng.choices([end for end, _ in VISIT_ENDS], [count for _, count in VISIT_ENDS])[0]
    if chosen != "engaged":
        return chosen
    return "remained" if rng.random() < STAYED_OF_ENGAGED else "transported"
