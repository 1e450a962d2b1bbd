"""Triage: from structured answers to a response class and the programs that fit, with every reason stated.

Pure Python, no Django. Two decisions, in this order: the *response class* (safety, ``triage.engine.decide``) and
*program fit* (eligibility, ``triage.engine.suggest``). Rules are data; every condition is evaluated in three-valued
logic, where an unanswered question is never a "no".
"""

from typing import Final

#: Version of the evaluation itself. Stored with each decision, so that it can be re-run years later.
ENGINE_VERSION: Final = "1.0.0"
