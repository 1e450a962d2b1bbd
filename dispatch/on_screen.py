"""What stood on the screen when a person chose, kept with the decision beside the engine's own trace."""

from collections.abc import Sequence
from typing import Any

from dispatch.not_diverted import NotDiverted
from dispatch.plan import Plan
from dispatch.selectors.cues import Proposals
from dispatch.selectors.triage import Judged


def on_screen(
    judged: Judged, suggested: Plan, proposals: Proposals, holding: Sequence[str], why_not: NotDiverted
) -> dict[str, Any]:
    """The plan, the questions that were still open, who had said what, and what all that was made from. JSON."""
    return {
        "plan": suggested.to_dict(),
        "open": [item.key for item in judged.suggestion.ask] if judged.suggestion else [],
        "inputs": judged.inputs(),
        "said": judged.said(),
        "cues": {**proposals.to_dict(), "hold": list(holding)},
        "not_diverted": {"code": why_not.code, "rule": why_not.rule},
    }
