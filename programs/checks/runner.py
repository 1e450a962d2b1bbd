"""Runs checks in a process of their own and keeps the results by content."""

import hashlib
import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from importlib import resources
from typing import Any

from django.conf import settings

from accounts.problems import Refused
from programs.models import Check

TIMEOUT_S = 20
"""A proof takes 0.1 to 0.4 s, the longest check about a second (measured); above this something is wrong."""
_one_at_a_time = threading.BoundedSemaphore(1)


@lru_cache(maxsize=1)
def _shipped() -> str:
    """A digest of the data that ships with the code: questions, natures, local matters, invariants."""
    data = resources.files("triage").joinpath("data")
    digest = hashlib.sha256()
    for name in ("vocabulary.json", "natures.json", "switches.json", "invariants.json"):
        digest.update(data.joinpath(name).read_bytes())
    return digest.hexdigest()


def digest_of(*parts: Any) -> str:
    """What a result depends on, in one digest: the parts, and the data that ships with the code."""
    body = json.dumps([_shipped(), *parts], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(body.encode()).hexdigest()


def run(job: Mapping[str, Any], *, timeout_s: float = TIMEOUT_S) -> list[dict[str, Any]]:
    """The findings of a job. Raises Refused (503) when the checking process fails or takes too long."""
    with _one_at_a_time:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "programs.checks"],
                input=json.dumps(job),
                capture_output=True,
                text=True,
                timeout=timeout_s,
                cwd=settings.BASE_DIR,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Refused("check_slow", f"The check did not end in {timeout_s} s. Try again.", status=503) from None
    if done.returncode:
        raise Refused("check_failed", "The check could not be run: the rules cannot be read.", status=503)
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def kept(kind: str, digest: str) -> Check | None:
    """The result of this content, if it was checked before."""
    return Check.objects.filter(kind=kind, digest=digest).first()


def checked(kind: str, digest: str, job: Mapping[str, Any], *, at: datetime) -> Check:
    """The result of this content, from the store or made now."""
    found = kept(kind, digest)
    if found is None:
        found = keep(kind, digest, run(job), at=at)
    return found


def keep(kind: str, digest: str, findings: list[dict[str, Any]], *, at: datetime) -> Check:
    """Store the findings of this content; the first ones stay."""
    holds = not any(one["kind"] == "invariant" and not one["holds"] for one in findings)
    found, _ = Check.objects.get_or_create(
        kind=kind, digest=digest, defaults={"holds": holds, "findings": findings, "made_at": at}
    )
    return found


def proof_digest(rules: Mapping[str, Any], protocol: Mapping[str, Any]) -> str:
    """Names the content that a proof is about."""
    return digest_of(rules, protocol)


def program_proof(rules: Mapping[str, Any], protocol: Mapping[str, Any], *, at: datetime) -> Check:
    """The proof of a program under a protocol."""
    job = {"kind": "proof", "protocol": protocol, "rules": rules}
    return checked(Check.Kind.PROOF, proof_digest(rules, protocol), job, at=at)


def protocol_proof(protocol: Mapping[str, Any], *, at: datetime) -> Check:
    """The proof of a protocol."""
    return checked(Check.Kind.PROOF, digest_of(protocol), {"kind": "protocol", "protocol": protocol}, at=at)


def company_check(
    rules: Mapping[str, Any], protocol: Mapping[str, Any], others: Sequence[Mapping[str, Any]], *, at: datetime
) -> Check:
    """Overlaps with the other programs, and gaps of the class."""
    ordered = sorted(others, key=lambda one: str(one["slug"]))
    job = {"kind": "company", "protocol": protocol, "rules": rules, "others": ordered}
    return checked(Check.Kind.COMPANY, digest_of(rules, protocol, ordered), job, at=at)


def difference_check(
    old: Mapping[str, Any], rules: Mapping[str, Any], protocol: Mapping[str, Any], *, at: datetime
) -> Check:
    """Calls whose decision changes from the live rules to these."""
    job = {"kind": "difference", "protocol": protocol, "rules": rules, "old": old}
    return checked(Check.Kind.DIFFERENCE, digest_of("difference", old, rules, protocol), job, at=at)
