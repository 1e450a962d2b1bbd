"""Programs, their immutable versions, protocol versions, what was checked about them, and the stop key."""

from programs.models.backtest import BacktestBatch, BacktestRun
from programs.models.check import Check
from programs.models.program import Program, ProgramVersion, VersionState
from programs.models.protocol import ProtocolVersion
from programs.models.readiness import Readiness
from programs.models.shadow import ShadowRun
from programs.models.step import VersionStep
from programs.models.suspension import Suspension

__all__ = [
    "BacktestBatch",
    "BacktestRun",
    "Check",
    "Program",
    "ProgramVersion",
    "ProtocolVersion",
    "Readiness",
    "ShadowRun",
    "Suspension",
    "VersionState",
    "VersionStep",
]
