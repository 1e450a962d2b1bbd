"""Levels, shapes and words of statuses: colour is never the only sign (ux section 2.3)."""

SHAPES = {
    "critical": "triangle",
    "serious": "diamond",
    "caution": "square",
    "normal": "circle",
    "standby": "ring",
    "off": "dash",
}
PRIORITY_LEVEL = {1: "critical", 2: "serious", 3: "caution", 4: "standby"}
CLASS_WORDS = {
    "emergency": "Emergency",
    "co_response": "Co-response",
    "mobile_team": "Mobile team",
    "tele_clinician": "Clinician by phone",
    "outreach_followup": "Outreach",
}
ASSIGNMENT_WORDS = {
    "offered": "OFFERED",
    "accepted": "ACCEPTED",
    "en_route": "EN ROUTE",
    "staged": "STAGED",
    "on_scene": "ON SCENE",
    "with_person": "WITH PERSON",
    "transporting": "TRANSPORT",
}
UNIT_LEVEL = {
    "available": "normal",
    "offered": "caution",
    "accepted": "standby",
    "en_route": "standby",
    "staged": "serious",
    "on_scene": "standby",
    "with_person": "standby",
    "transporting": "standby",
    "help": "critical",
    "stage": "critical",
    "not_answering": "serious",
    "on_break": "off",
    "out_of_service": "off",
    "off_shift": "off",
}
UNIT_WORDS = {
    **ASSIGNMENT_WORDS,
    "available": "AVAIL",
    "help": "NEEDS HELP",
    "stage": "STOP, STAGE",
    "not_answering": "NO ANSWER",
    "on_break": "BREAK",
    "out_of_service": "OUT OF SVC",
    "off_shift": "OFF SHIFT",
}
