"""Backtests on their pages and in the shell: started, watched, read, and refused with words."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from accounts.models import User
from desk.backtest_work import backtests_work
from dispatch.models import Decision
from programs.backtest.counting import Counting
from programs.backtest.report import report
from programs.models import BacktestRun, Program, ProgramVersion
from programs.selectors import open_at
from programs.selectors.backtests import plan_of
from tests import factories
from tests.programs.backtest_ground import MAP, a_log, cases_of, decided, draft, logged, started
from triage import vocabulary

__all__ = ["decided", "draft"]
"""Fixtures of this module, from the shared ground."""


def page(client: APIClient, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status, response.content[:300]
    return str(response.content.decode())


def test_the_pages_from_start_to_result(
    draft: ProgramVersion,
    decided: list[Decision],
    client_for: Callable[[str], APIClient],
    at: datetime,
) -> None:
    client = client_for("program_administrator")
    start = f"/programs/versions/{draft.pk}/backtests/"
    assert "Start the backtest" in page(client, start)
    given = {"source": "decisions", "since": "2025-06-01", "until": "2025-06-06", "units": "1", "minutes": "45"}
    answer = client.post(start, given)
    assert answer.status_code == 302
    run = BacktestRun.objects.get(version=draft)
    assert (run.total, run.from_at) == (4, datetime.fromisoformat("2025-06-01T05:00:00+00:00"))
    waiting = page(client, answer["Location"])
    assert "Waits for a worker" in waiting
    assert f'hx-get="/backtests/{run.pk}/progress/"' in waiting
    assert "HX-Refresh" not in client.get(f"/backtests/{run.pk}/progress/")
    assert backtests_work(lambda: at) == 1
    assert client.get(f"/backtests/{run.pk}/progress/")["HX-Refresh"] == "true"
    for role in ("analyst", "supervisor", "clinician"):
        done = page(client_for(role), answer["Location"])
        assert "Cannot be tested" in done
        assert "Cancel" not in done
    call = page(client_for("analyst"), f"/backtests/{run.pk}/calls/{decided[1].incident_id}/")
    assert vocabulary.load().get("age_band").label_of("16_17") in call
    assert "Elm Park" not in call
    assert "Open the incident" not in call
    assert "Open the incident" in page(client_for("supervisor"), f"/backtests/{run.pk}/calls/{decided[1].incident_id}/")
    assert "finished" in page(client, f"/programs/versions/{draft.pk}/backtests/panel/")
    shown = page(client, answer["Location"])
    # The youth of 22:00 by the town's clock: the live version says why not, this one would come.
    assert "2025-06-03 22:00" in shown
    assert "Live version: Person under 18" in shown
    assert shown.index(">This version<") < shown.index(">Live version<")


def test_who_may_not(
    draft: ProgramVersion,
    decided: list[Decision],
    client_for: Callable[[str], APIClient],
    people: dict[str, User],
    at: datetime,
) -> None:
    run = started(draft, people["program_administrator"], at)
    paths = [
        f"/backtests/{run.pk}/",
        f"/backtests/{run.pk}/calls/{decided[0].incident_id}/",
        f"/backtests/{run.pk}/progress/",
    ]
    for path in (*paths, f"/programs/versions/{draft.pk}/backtests/panel/"):
        page(client_for("call_taker"), path, 403)
    assert client_for("analyst").post(f"/programs/versions/{draft.pk}/backtests/", {}).status_code == 403
    assert client_for("supervisor").post(f"/backtests/{run.pk}/cancel/").status_code == 403
    other = factories.a_centre(at=at, slug="brookton")
    stranger = APIClient()
    stranger.force_login(factories.a_person(other, "programs", "program_administrator"))
    for path in (*paths, f"/programs/versions/{draft.pk}/backtests/"):
        page(stranger, path, 404)
    assert client_for("program_administrator").post(f"/backtests/{run.pk}/cancel/").status_code == 302


def upload(text: str, name: str = "town.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode(), content_type="text/csv")


def test_a_log_from_upload_to_result(
    draft: ProgramVersion, client_for: Callable[[str], APIClient], at: datetime
) -> None:
    client = client_for("program_administrator")
    given = {
        "source": "log",
        "units": "1",
        "minutes": "60",
        "log": upload(a_log()),
        "own_map": upload(MAP, "elmford.yaml"),
    }
    answer = client.post(f"/programs/versions/{draft.pk}/backtests/", given)
    assert answer.status_code == 302, answer.content[:2000]
    backtests_work(lambda: at)
    run = BacktestRun.objects.get(version=draft)
    assert run.result is not None
    assert (run.state, run.total, run.log_bad) == ("finished", 24, 1)
    done = page(client, answer["Location"])
    assert "1 rows could not be read" in done
    assert "town.csv" in done
    # Six of each nature: noise is not served, assault is dangerous; the rest stays undecided without answers.
    draft_side = run.result["sides"]["draft"]
    assert dict(draft_side["by_rule"]) == {"nature_dangerous": 6, "nature_not_served": 6}
    assert draft_side["untestable"] == 12


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"source": "decisions", "since": "2025-06-05", "until": "2025-06-01"}, "on or after the day"),
        ({"source": "decisions", "since": "", "until": "2025-06-01"}, "from which day"),
        ({"source": "decisions", "since": "2025-06-05", "until": ""}, "up to which day"),
        ({"source": "decisions", "since": "2025-06-05", "until": "2025-06-05", "units": ""}, "how many units"),
        ({"source": "log"}, "Choose the log"),
        ({"source": "log", "log": "a,b\n1,2\n", "log_map": ""}, "Choose the mapping"),
        ({"source": "log", "log": "a,b\n1,2\n", "log_map": "burlington_2022"}, "the file has no column"),
        ({"source": "log", "log": "a,b\n1,2\n", "own_map": "a: ["}, "not YAML"),
        ({"source": "log", "log": "x" * 20_000_001, "log_map": "burlington_2022"}, "larger than 20 MB"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(
    draft: ProgramVersion, client_for: Callable[[str], APIClient], given: dict[str, str], words: str
) -> None:
    data: dict[str, Any] = {"units": "1", "minutes": "60", **given}
    for name in ("log", "own_map"):
        if name in data:
            data[name] = upload(data[name], f"{name}.csv")
    answer = client_for("program_administrator").post(f"/programs/versions/{draft.pk}/backtests/", data)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not BacktestRun.objects.exists()


def test_the_command_gives_the_same_numbers(
    draft: ProgramVersion, people: dict[str, User], at: datetime, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, mapping = tmp_path / "town.csv", tmp_path / "elmford.yaml"
    log.write_text(a_log(), encoding="utf-8")
    mapping.write_text(MAP, encoding="utf-8")
    call_command("backtest", "star", str(log), map=str(mapping), draft=True, json=True, units=1)
    shell = json.loads(capsys.readouterr().out)
    run = logged(draft, people["program_administrator"], at)
    assert backtests_work(lambda: at) == 1
    run.refresh_from_db()
    assert run.result is not None
    for key in ("total", "no_place", "no_nature", "sides", "changed", "changes", "list"):
        assert shell[key] == run.result[key], key
    # Counted by hand from the log: closed from 06:00 to 18:00, outside in every seventh row that has a place.
    undecided = [nth for nth in range(24) if nth % 4 in (0, 3)]
    inside = [n for n in undecided if n % 5 == 0 or n % 7 != 0]
    night = [
        n
        for n in inside
        if open_at(
            "Mo-Su 18:00-06:00",
            at.replace(hour=0) + timedelta(hours=5 + n, minutes=15),
            run.version.program.centre.zone,
        )
    ]
    assert shell["sides"]["draft"]["asks"] == len(night) == len([n for n in inside if not 6 <= n < 18])
    assert shell["sides"]["live"]["asks"] == len(inside)
    call_command("backtest", "star", str(log), map=str(mapping), preset=True)
    assert "1 rows could not be read" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("program", "more", "words"),
    [
        ("nothing", {}, "There is no program"),
        ("star", {"map": "nowhere"}, "cannot be read"),
        ("star", {"draft": True}, "no open draft"),
        ("nothing", {"preset": True}, "neither a file nor a preset"),
        ("star", {"units": 0, "preset": True}, "No such file|cannot be read"),
    ],
)
def test_the_command_says_what_is_wrong(
    programs: dict[str, ProgramVersion], tmp_path: Path, program: str, more: dict[str, Any], words: str
) -> None:
    options = {"map": "burlington_2022", **more}
    with pytest.raises(CommandError, match=words):
        call_command("backtest", program, str(tmp_path / "none.csv"), **options)
    assert Program.objects.filter(slug="star").exists()


def test_a_result_reads_the_same_after_the_draft_moved(
    draft: ProgramVersion,
    decided: list[Decision],
    people: dict[str, User],
    at: datetime,
    client_for: Callable[[str], APIClient],
) -> None:
    run = started(draft, people["program_administrator"], at)
    ProgramVersion.objects.filter(pk=draft.pk).update(spec={**draft.spec, "hours": "24/7"})
    assert backtests_work(lambda: at) == 1
    run = BacktestRun.objects.get(pk=run.pk)
    assert run.result is not None
    counting = Counting(plan_of(run))
    tally = counting.start()
    counting.add(tally, cases_of(run))
    assert json.loads(json.dumps(report(tally, plan_of(run)))) == run.result
    assert "was changed after this backtest" in page(client_for("analyst"), f"/backtests/{run.pk}/")
