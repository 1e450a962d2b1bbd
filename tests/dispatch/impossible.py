"""What the database must never hold, whoever did what in whichever order."""

FORBIDDEN = {
    "two accepted in one slot": """
        SELECT incident_id, slot FROM dispatch_assignment
         WHERE ended_at IS NULL AND state <> 'offered' AND slot <> 'assist'
         GROUP BY incident_id, slot HAVING count(*) > 1""",
    "a unit booked twice": """
        SELECT unit_id FROM dispatch_assignment WHERE ended_at IS NULL AND exclusive
         GROUP BY unit_id HAVING count(*) > 1""",
    "offered after the danger rose, and no person asked for it": """
        SELECT a.id FROM dispatch_assignment a JOIN dispatch_incident i ON i.id = a.incident_id
         WHERE a.state = 'offered' AND a.offered_by_id IS NULL AND a.offered_at > i.risen_at""",
    "a live incident without an owning role": """
        SELECT id FROM dispatch_incident WHERE state NOT IN ('closed', 'joined') AND owner_role = ''""",
    "a waiting unit without a promise or a hold without an end": """
        SELECT id FROM dispatch_incident WHERE (offer_wanted AND promise_at IS NULL)
            OR (state = 'held' AND held_until IS NULL)""",
    "a missing unit where none is sought": """
        SELECT i.id, i.state, i.no_unit_reason FROM dispatch_incident i WHERE NOT i.offer_wanted AND (
            i.no_unit_reason <> '' OR EXISTS (SELECT 1 FROM dispatch_alarm l WHERE l.incident_id = i.id
                AND l.kind IN ('no_unit', 'choose_unit') AND l.ended_at IS NULL))""",
    "closed with something left open": """
        SELECT i.id, i.outcome FROM dispatch_incident i WHERE i.state IN ('closed', 'joined') AND (
            i.offer_wanted
            OR EXISTS (SELECT 1 FROM dispatch_assignment a WHERE a.incident_id = i.id AND a.ended_at IS NULL)
            OR EXISTS (SELECT 1 FROM dispatch_call c WHERE c.incident_id = i.id AND c.state = 'open')
            OR EXISTS (SELECT 1 FROM dispatch_handoff h WHERE h.incident_id = i.id AND h.state = 'requested')
            OR EXISTS (SELECT 1 FROM dispatch_transfer t WHERE t.incident_id = i.id AND t.direction = 'out'
                       AND t.ended_at IS NULL))""",
    "a caller given away from one incident and on the line of another": """
        SELECT t.id FROM dispatch_transfer t JOIN dispatch_call c ON c.id = t.call_id
         LEFT JOIN dispatch_assignment a ON a.id = t.assignment_id
         WHERE t.ended_at IS NULL AND (t.incident_id <> c.incident_id OR a.incident_id <> c.incident_id)""",
    "a sender who waits for no word and was told none": """
        SELECT id FROM dispatch_transfer WHERE direction = 'in' AND state <> 'connected'
           AND disposition NOT IN ('reached', 'not_reached')""",
    "returned and not for review": """
        SELECT a.id FROM dispatch_assignment a WHERE a.disposition = 'returned_to_911' AND NOT EXISTS
           (SELECT 1 FROM dispatch_reviewitem r WHERE r.kind = 'return' AND (r.subject = a.id
               OR r.subject IN (SELECT t.id FROM dispatch_transfer t WHERE t.assignment_id = a.id)))""",
    "assigned or on scene, and nobody there": """
        SELECT i.id, i.state FROM dispatch_incident i WHERE i.state IN ('assigned', 'on_scene') AND NOT EXISTS
           (SELECT 1 FROM dispatch_assignment a WHERE a.incident_id = i.id AND a.accepted_at IS NOT NULL)""",
    "an unread stage order without its alarm": """
        SELECT o.id FROM dispatch_stageorder o JOIN dispatch_assignment a ON a.id = o.assignment_id
         WHERE a.ended_at IS NULL AND o.acknowledged_at IS NULL AND o.lifted_at IS NULL AND NOT EXISTS
           (SELECT 1 FROM dispatch_alarm l WHERE l.kind = 'stage_unacknowledged' AND l.subject = o.id::text
               AND l.ended_at IS NULL)""",
    "on scene under an unlifted stage order": """
        SELECT h.id FROM dispatch_historyrow h JOIN dispatch_stageorder o ON o.assignment_id = h.entity_id
          JOIN dispatch_assignment a ON a.id = o.assignment_id JOIN responders_unit u ON u.id = a.unit_id
         WHERE h.entity = 'assignment' AND h.to_state IN ('on_scene', 'with_person') AND h.from_state <> h.to_state
           AND h.from_state NOT IN ('on_scene', 'with_person', 'transporting')
           AND NOT u.armed AND o.at < h.at AND (o.lifted_at IS NULL OR o.lifted_at > h.at)""",
    "a panic without a request to police": """
        SELECT l.id FROM dispatch_alarm l WHERE l.kind = 'panic' AND l.ended_at IS NULL AND NOT EXISTS
           (SELECT 1 FROM dispatch_handoff h WHERE h.incident_id = l.incident_id AND h.service = 'police')""",
    "a state that is not the last one of its history": """
        SELECT a.id, a.state, h.to_state FROM dispatch_assignment a JOIN LATERAL
           (SELECT to_state FROM dispatch_historyrow WHERE entity = 'assignment' AND entity_id = a.id AND to_state <> ''
             ORDER BY id DESC LIMIT 1) h ON true WHERE h.to_state <> a.state""",
    "a history with a gap": """
        SELECT * FROM (SELECT entity_id, from_state, lag(to_state) OVER (PARTITION BY entity_id ORDER BY id) AS before
           FROM dispatch_historyrow WHERE entity = 'assignment' AND to_state <> '') h
         WHERE before IS NOT NULL AND before <> from_state""",
    "a history of a transfer with a gap": """
        SELECT * FROM (SELECT entity_id, from_state, lag(to_state) OVER (PARTITION BY entity_id ORDER BY id) AS before
           FROM dispatch_historyrow WHERE entity = 'transfer' AND to_state <> '') h
         WHERE before IS NOT NULL AND before <> from_state""",
}
"""What must not be, and a query that finds the rows where it is."""
ANY_FORBIDDEN = " UNION ALL ".join(f"SELECT '{what}' WHERE EXISTS ({query})" for what, query in FORBIDDEN.items())
"""The names of those that are found, in one round trip."""
UNEXPLAINED = """
    SELECT i.id FROM dispatch_incident i WHERE i.offer_wanted AND NOT i.late AND i.no_unit_reason = ''
       AND NOT EXISTS (SELECT 1 FROM dispatch_assignment a WHERE a.incident_id = i.id AND a.ended_at IS NULL)
       AND NOT EXISTS (SELECT 1 FROM dispatch_recommendation r WHERE r.incident_id = i.id)"""
"""Waiting with neither an offer, nor a named unit, nor a reason: impossible once the engine has looked."""
