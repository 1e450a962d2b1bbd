"""What a process that serves with threads is set to once it has loaded what it needs."""

import gc
import sys

SWITCH_S = 0.001
"""So long a thread that computes keeps the interpreter from one that waits for it. Python's own 5 ms are paid at each
answer from Redis or PostgreSQL: a nudge beside one busy thread took 11 ms to be sent, and takes 7 (p95 27 and 17)."""


def loaded() -> None:
    """What is there by now stays, so the collector need not walk it again and again (a tenth of a request's CPU time);
    and threads take turns sooner."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    sys.setswitchinterval(SWITCH_S)
