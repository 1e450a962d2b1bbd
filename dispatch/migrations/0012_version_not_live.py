"""One more kind of alarm: an approved version that did not go live."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("dispatch", "0011_boards"),
    ]

    operations = [
        migrations.AlterField(
            model_name="alarm",
            name="kind",
            field=models.CharField(
                choices=[
                    ("panic", "Crew needs help"),
                    ("stage_unacknowledged", "Crew has not read the stage order"),
                    ("handoff_unacknowledged", "Hand-off not acknowledged: phone them"),
                    ("promise_warning", "Promise runs out"),
                    ("promise_broken", "Promise broken"),
                    ("no_unit", "No unit can go"),
                    ("returned", "Returned to 911"),
                    ("rising_risk", "Danger rose after sending"),
                    ("engine_error", "No suggestion: use standard dispatch"),
                    ("second_person", "A less cautious choice waits for you"),
                    ("silent_console", "A console went silent with open calls"),
                    ("dropped_call", "Dropped call: call back"),
                    ("hold_over", "Hold is over: call back"),
                    ("late_entry", "Late entry: is it still live?"),
                    ("backup_urgent", "Crew wants backup now"),
                    ("backup", "Crew asks for backup, no hurry"),
                    ("not_answering", "Unit is not answering: safety check by radio"),
                    ("safety_check", "Crew has not said it is OK: call them"),
                    ("stuck_status", "Unit long in one status: ask them"),
                    ("caution_unread", "Crew has not read a new hazard"),
                    ("pair_broken", "One half of a co-response fell out"),
                    ("primary_gone", "Primary unit has left: choose who leads"),
                    ("police_no_release", "Police do not release the scene"),
                    ("clinician_unavailable", "No clinician is available"),
                    ("returned_by_988", "988 hands the call back"),
                    ("transfer_dropped", "Transfer dropped: who has the caller?"),
                    ("transfer_unanswered", "Nobody answers the transfer"),
                    ("transfer_back", "A transfer came back"),
                    ("team_asked", "The clinician asks for a team"),
                    ("word_owed", "Tell the sender: reached or not"),
                    ("handoff_declined", "Hand-off declined: somebody must go"),
                    ("ask_again", "Waiting long: ask again"),
                    ("call_back", "Tell the caller the new time"),
                    ("choose_unit", "Asking took its time: choose a unit"),
                    ("preempted", "Its unit was taken for a more urgent call"),
                    ("program_uncovered", "Program is open and has no unit on duty"),
                    ("position_stale", "Unit's position is old: ask where they are"),
                    ("service_silent", "A part of the system is silent"),
                    ("callback_due", "Call back as promised"),
                    ("cancel_asked", "Caller cancels: decide"),
                    ("version_not_live", "An approved version did not go live"),
                    ("place_changed", "The place changed after sending: tell the crew"),
                ],
                max_length=24,
            ),
        ),
    ]
