"""Unsent words on a card: one's own, to go back into their fields, and who else left some."""

import json
from collections.abc import Sequence
from typing import Any

from accounts.models import User
from dispatch.models import Call
from dispatch.selectors.call_drafts import unsent_of, unsent_of_others

FIELD_WORDS = {
    "note": "a note",
    "where": "where",
    "phone": "call back",
    "what": "what",
    "carrier": "where the caller is",
    "weapon_type": "what weapon",
    "access": "access",
    "language": "language",
}


def with_unsent(cards: list[dict[str, Any]], calls: Sequence[Call], user: User) -> list[dict[str, Any]]:
    """The cards with `unsent_json`, this person's own words, and `unsent_others`: who, when, which field, no words.

    Two queries for all cards. Only whole cards carry them: parts that are drawn anew and boards never do.
    """
    own: dict[str, list[dict[str, Any]]] = {}
    others: dict[str, list[dict[str, Any]]] = {}
    for one in unsent_of(calls, user):
        said = {"field": one.field, "text": one.text, "at": round(one.typed_at.timestamp() * 1000)}
        own.setdefault(str(one.call_id), []).append(said)
    for one in unsent_of_others(calls, user):
        left = {"id": one.pk, "by": one.by, "at": one.typed_at, "field": FIELD_WORDS[one.field]}
        others.setdefault(str(one.call_id), []).append(left)
    for card in cards:
        card["unsent_json"] = json.dumps(own.get(card["id"], []))
        card["unsent_others"] = others.get(card["id"], [])
    return cards
