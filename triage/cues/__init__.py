"""Narrative cues: words in what is typed that matter, and the answers they propose. They never decide anything."""

from triage.cues.extract import Cue, dangers, find, hold, phrases_only, second_reader, version
from triage.cues.status import Status

__all__ = ["Cue", "Status", "dangers", "find", "hold", "phrases_only", "second_reader", "version"]
