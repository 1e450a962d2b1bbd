"""Structured logs: one JSON object a line, and never a word that a caller said."""

import logging
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

_PHONE = re.compile(r"(?<![\w-])\+?\d[\d\s().-]{7,}\d(?![\w-])")
# Keys that hold personal data anywhere in this product; a log line that carries one loses its value.
_PERSONAL = frozenset(
    {"name", "text", "note", "phone", "number_text", "address", "label", "narrative", "password", "born", "about"}
)


def scrub(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank personal keys and anything that looks like a phone number."""
    for key, value in list(event.items()):
        if key in _PERSONAL:
            event[key] = "[withheld]"
        elif isinstance(value, str) and key not in {"timestamp", "request_id"}:
            event[key] = _PHONE.sub("[number]", value)
    return event


def without_exception_values(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep an exception's type and place; drop its message and local values, which may quote what was typed."""
    info = event.pop("exc_info", None)
    if info and isinstance(info, tuple) and info[0] is not None:
        frames = []
        trace = info[2]
        while trace is not None:
            frames.append(f"{trace.tb_frame.f_code.co_filename.rsplit('/', 2)[-1]}:{trace.tb_lineno}")
            trace = trace.tb_next
        event["error"] = info[0].__name__
        event["at"] = frames[-6:]
    if str(event.get("logger", "")).startswith("celery"):
        # Celery writes a failed task's exception and arguments into the sentence itself.
        data = event.pop("data", None)
        if isinstance(data, dict) and "exc" in data:
            event["event"] = f"task {data.get('name', '')} failed"
    return event


def formatter() -> logging.Formatter:
    """The formatter named in LOGGING."""
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            without_exception_values,
            scrub,
            structlog.processors.JSONRenderer(),
        ],
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.stdlib.ExtraAdder(),
        ],
    )
