"""Proofs made behind the one-second loop: it asks again each second and never waits for one.

Each proof runs in a process of its own, which a thread waits for; the thread touches no database. Whoever asks keeps
the result, so that a sweeper that ends meanwhile has lost nothing but the work.
"""

import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from accounts.problems import Refused
from programs.checks.runner import keep, kept, proof_digest, run
from programs.models import Check

_results: dict[str, list[dict[str, Any]] | Refused | None] = {}
"""By digest: the findings, why there are none, or None while the process runs."""


def proof_ready(rules: Mapping[str, Any], protocol: Mapping[str, Any], *, at: datetime) -> bool:
    """Whether the proof of a program under a protocol is kept. Where it is not it is begun, or kept once it has ended.

    Raises Refused (503) once when the check could not be run; asked again, it is begun anew.
    """
    digest = proof_digest(rules, protocol)
    if kept(Check.Kind.PROOF, digest) is not None:
        return True
    if digest not in _results:
        _results[digest] = None
        job = {"kind": "proof", "protocol": protocol, "rules": rules}
        threading.Thread(target=_work, args=(digest, job), name="proof", daemon=True).start()
        return False
    found = _results[digest]
    if found is None:
        return False
    del _results[digest]
    if isinstance(found, Refused):
        raise found
    keep(Check.Kind.PROOF, digest, found, at=at)
    return True


def _work(digest: str, job: Mapping[str, Any]) -> None:
    try:
        _results[digest] = run(job)
    except Refused as refused:
        _results[digest] = refused
    except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits for the proof must hear that there is none
        _results[digest] = Refused("check_failed", f"The check could not be run: {type(error).__name__}.", status=503)
