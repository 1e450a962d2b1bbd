"""The console's keys, and a person's own choice of them."""

import re
from collections.abc import Mapping

from accounts.problems import Refused

KEYS: dict[str, str] = {
    "F2": "New call",
    "F4": "Go to WHERE",
    "F8": "Accept the suggestion",
    "F9": "Send to dispatch",
    "Alt+Q": "Next open question",
    "Alt+W": "Previous open question",
    "Alt+C": "Confirm the number to call back",
    "Alt+U": "Use the address as typed (forced)",
    "Alt+L": "More about where: carrier, moving, earlier places",
    "Alt+M": "Whisper: yes or no only",
    "Alt+N": "Another response, with a reason",
    "Alt+A": "Add this caller to the first possible duplicate",
    "Alt+Y": "Confirm the first words marked in the notes",
    "Alt+I": "Dismiss the first words marked in the notes",
    "Alt+P": "Park the call, or take it up again",
    "Alt+O": "Hand the call over to a colleague",
    "Alt+G": "Take the first call that a colleague offers",
    "Alt+R": "Called back: reached",
    "Alt+Z": "Called back: not reached",
    "Alt+K": "Accept what somebody else changed",
    "Alt+J": "Keep what you typed over somebody else's change",
    "Alt+T": "Transfer the caller",
    "Alt+B": "Take the caller back from a transfer",
    "Alt+X": "End the call",
}
"""Default key to what it does. Ctrl+K, Ctrl+Enter, Esc, arrows and single letters are fixed, so not among them."""
_CHORD = re.compile(r"(F[2489]|Alt\+[A-Z0-9])\Z")
_TAKEN = {"Alt+D": "address bar", "Alt+E": "browser menu", "Alt+F": "browser menu"}
"""What browsers keep for themselves."""


def keymap_of(chosen: Mapping[str, str]) -> dict[str, str]:
    """A person's keymap from what they chose: default key to other key, only what differs.

    Raises Refused at the key that is no key, that a browser keeps, or that would then mean two things.
    """
    whole = {default: (chosen.get(default) or default).strip() for default in KEYS}
    seen: dict[str, str] = {}
    for default, key in whole.items():
        key = key.upper().replace("ALT+", "Alt+")
        whole[default] = key
        if not _CHORD.match(key):
            raise Refused("key_unknown", "Use F2, F4, F8, F9 or Alt with a letter or digit.", field=default)
        if key in _TAKEN:
            raise Refused("key_taken", f"{key} belongs to the browser ({_TAKEN[key]}).", field=default)
        if key in seen:
            raise Refused("key_twice", f"{key} already means: {KEYS[seen[key]]}.", field=default)
        seen[key] = default
    return {default: key for default, key in whole.items() if key != default}
