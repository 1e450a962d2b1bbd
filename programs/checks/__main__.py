"""One check in a process of its own: a job as JSON on standard input, its findings as JSON on standard output.

A job names its `kind` and carries the protocol and the rules. The web process ends this one when it takes too long.
"""

import json
import sys
from typing import Any

from programs.checks.company import company, difference, proof
from triage.programs import ProgramRules
from triage.protocol import Protocol
from triage.prove import Finding, prove_protocol
from triage.prove import difference as protocol_difference


def findings_of(job: dict[str, Any]) -> list[Finding]:
    """The findings of one job. Raises KeyError and ValueError for a job that cannot be read."""
    protocol = Protocol.from_dict(job["protocol"])
    kind = job["kind"]
    if kind == "protocol":
        return [f for f in prove_protocol(protocol).findings if f.kind != "invariant" or not f.holds]
    if kind == "protocol_difference":
        return list(protocol_difference(Protocol.from_dict(job["old"]), protocol))
    program = ProgramRules.from_dict(job["rules"])
    if kind == "company":
        return company(protocol, program, [ProgramRules.from_dict(one) for one in job["others"]])
    if kind == "difference":
        return difference(protocol, ProgramRules.from_dict(job["old"]), program)
    return proof(protocol, program)


if __name__ == "__main__":
    made = findings_of(json.load(sys.stdin))
    json.dump([finding.to_dict() for finding in made], sys.stdout)
