"""Live boards: event rows, the renderer, and the fan-out of rendered bytes to every open page.

Knows topics, versions and bytes, and nothing of the domain: upper apps register how their entities are drawn
(:mod:`live.registry`), write one event row per change (:func:`live.services.event_record`) and read the same rows by
cursor (:func:`live.selectors.events_after`).
"""
