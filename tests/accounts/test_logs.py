"""Logs: one JSON object a line, no name, number or sentence of a caller in it, and every id whole."""

import json
import logging
import uuid
from typing import Any

from config.logs import formatter


def _logged(
    message: str, *args: object, exc_info: Any = None, name: str = "dispatch", **extra: object
) -> dict[str, Any]:
    record = logging.getLogger(name).makeRecord(
        name, logging.ERROR, __file__, 1, message, args, exc_info, extra=extra or None
    )
    line = formatter().format(record)
    assert "\n" not in line
    loaded: dict[str, Any] = json.loads(line)
    return loaded


def test_personal_keys_and_numbers_are_withheld() -> None:
    line = _logged("call from %s", "+1 (212) 555-0123", note="he said no", phone="2125550123", seconds=4)
    assert line["event"] == "call from [number]"
    assert (line["note"], line["phone"], line["seconds"]) == ("[withheld]", "[withheld]", 4)
    assert (line["level"], line["logger"]) == ("error", "dispatch")


def test_ids_stay_whole_also_where_they_look_like_numbers() -> None:
    id = uuid.UUID("12345678-1234-4123-8abc-123456789012")
    assert _logged("due row failed", incident=str(id))["incident"] == str(id)


def test_an_exception_tells_where_and_what_kind_and_none_of_its_words() -> None:
    try:
        raise ValueError("Maria Lopez, 14 Alder St")
    except ValueError as error:
        line = _logged("triage failed", exc_info=(type(error), error, error.__traceback__))
    assert line["error"] == "ValueError"
    assert line["at"][0].startswith("test_logs.py:")
    assert "Lopez" not in json.dumps(line)


def test_a_failed_task_tells_its_name_and_none_of_its_arguments() -> None:
    data = {"name": "dispatch.offer", "id": "x", "exc": "KeyError('Lopez')", "traceback": "Lopez", "args": "['Lopez']"}
    line = _logged("Task %(name)s[%(id)s] raised: %(exc)s %(traceback)s", data, name="celery.app.trace", data=data)
    assert "Lopez" not in json.dumps(line)
    assert "dispatch.offer" in line["event"]
