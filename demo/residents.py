"""What a few invented residents have told a registry about themselves: safety profiles of the demo city.

The first number is that of every practice call, so that a trainee meets a profile; the others are of the city's lines.
"""

Record = dict[str, object]

_PROFILES: tuple[tuple[int, int, dict[str, str]], ...] = (
    (
        199,
        40,
        {
            "lives_here": "Two adults, one of them deaf in the left ear",
            "communication": "Speak slowly and one at a time; loud voices frighten him",
            "pets": "An old dog behind the kitchen door, friendly",
            "entry": "The side door; the bell at the front does not work",
        },
    ),
    (112, 12, {"mobility": "Wheelchair; the ramp is at the back", "equipment": "Oxygen at night, spare in the hall"}),
    (134, 260, {"triggers": "Sirens and flashing lights; a quiet word at the door calms", "contact": "A sister"}),
)
"""Last digits of the number, days since the resident last said that it is right, and code to words."""


def profiles() -> list[Record]:
    """Codes as in the table of the product; the third has not been confirmed for so long that it may be out of date."""
    return [
        {
            "external_id": f"resident-{number}",
            "phone": f"+1308555{number:04d}",
            "confirmed_days_ago": days,
            "details": [{"code": code, "text": text} for code, text in details.items()],
        }
        for number, days, details in _PROFILES
    ]
