"""How a row of the test board is drawn, in a snapshot and in a frame alike."""

from __future__ import annotations

import html
from typing import Any


def row_html(name: str, row: dict[str, Any]) -> str:
    return (
        f'<tr id="{name}" data-v="{row["v"]}" data-live-into="rows" data-live-key="{row["key"]}">'
        f'<td><a href="#{name}">{html.escape(row["text"])}</a></td><td data-since="{row["since"]}"></td></tr>'
    )
