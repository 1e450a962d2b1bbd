"""Proof of the safety invariants with z3, for every possible combination of answers.

Only this package imports the solver. The solver's model is generated from the same rule data that the engine runs;
each counterexample is run through the engine before it is shown, so that it is real.
"""

from triage.prove.programs import prove_program
from triage.prove.protocols import ProtocolReport, difference, prove_protocol
from triage.prove.report import Counterexample, Finding

__all__ = [
    "Counterexample",
    "Finding",
    "ProtocolReport",
    "difference",
    "prove_program",
    "prove_protocol",
]
