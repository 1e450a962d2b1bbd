"""The command line's grammar: ``verb target key:value "more words" -- free text``. Pure.

Named fields beat positions: more keystrokes, fewer errors. A word in quotes is one word; everything after ``--`` is
text as typed. Nothing is guessed: what cannot be read is refused with what to type instead.
"""

import re
from dataclasses import dataclass, field


class Unreadable(Exception):
    """The line cannot be read or carried out. Its text says what to type instead; it goes to the screen."""


@dataclass(frozen=True)
class Line:
    """One line as typed: verb in lower case, words and fields in order, text after the dashes."""

    verb: str
    words: tuple[str, ...] = ()
    fields: dict[str, str] = field(default_factory=dict)
    text: str = ""
    incident: int | None = None


_TOKEN = re.compile(r'\s*(?:([a-z][a-z_]*):)?("([^"]*)"|\S+)', re.I)
_NUMBER = re.compile(r"#(\d{1,8})\Z")


def read(typed: str) -> Line:
    """Read one line. Raises Unreadable."""
    head, dashes, text = _parted(typed)
    if head.count('"') % 2:
        raise Unreadable('A quotation mark is not closed: add ".')
    words: list[str] = []
    fields: dict[str, str] = {}
    incident: int | None = None
    position = 0
    while (found := _TOKEN.match(head, position)) is not None:
        position = found.end()
        key, value = found.group(1), found.group(3) if found.group(3) is not None else found.group(2)
        number = _NUMBER.match(value)
        if key:
            if key.lower() in fields:
                raise Unreadable(f"“{key.lower()}” is given twice.")
            if value == "":
                raise Unreadable(f"Say what “{key.lower()}” is: {key.lower()}:value.")
            fields[key.lower()] = value
        elif number and words:
            if incident is not None:
                raise Unreadable("Name one incident only.")
            incident = int(number.group(1))
        else:
            words.append(value)
    if not words:
        raise Unreadable("Type a command, or help.")
    if dashes and not text.strip():
        raise Unreadable("Type the text after the dashes.")
    return Line(words[0].lower(), tuple(words[1:]), fields, text.strip(), incident)


def _parted(typed: str) -> tuple[str, bool, str]:
    """The line before the dashes, whether there are dashes, and what follows. Dashes in quotes part nothing."""
    inside = False
    for place, sign in enumerate(typed):
        if sign == '"':
            inside = not inside
        if (
            not inside
            and typed.startswith("--", place)
            and (place == 0 or typed[place - 1].isspace())
            and (place + 2 == len(typed) or typed[place + 2].isspace())
        ):
            return typed[:place], True, typed[place + 2 :]
    return typed, False, ""


def last_token(typed: str) -> str:
    """The word that is being typed now, for completion; empty after a space."""
    return "" if not typed or typed[-1].isspace() else typed.rsplit(maxsplit=1)[-1]
