"""Several calls and several units, matched together. Pure: a table of points in, who is asked for which call out.

What is decided, in this order and none against a former one (ADR 0011):

1. Which calls get a unit: the most urgent and oldest that can all be served at once. A call is left out only where each
   unit that it could use goes to a more urgent (or, equally urgent, older) one.
2. Points, most urgent priority first: a priority 1 call gets its nearer crew before anything is gained for priority 2.
3. Ties: the older call gets the earlier call sign.

Solved as one maximum-weight matching. The calls that can be served together form a matroid, so any weights that fall
with the order of the calls choose the same calls as serving them one by one with second thoughts; the steps between the
weights only have to be larger than all points together. The weights are whole numbers of up to 128 bits: nothing is
rounded, and the answer does not depend on the order of the rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MOST_CALLS = 100
"""Calls matched in one round (about 20 ms); the less urgent rest waits for the next."""
HYSTERESIS_POINTS = 10.0
"""A unit that was named to a dispatcher is replaced by another only for this gain: three minutes on the road."""
_LEAST_POINTS, _MOST_POINTS = -400.0, 400.0
_STEPS = 10
"""Points are told apart by tenths (2 s of travel)."""
_PRIORITIES = 4


@dataclass(frozen=True)
class Pending:
    """One call in the order of service, with the points of each unit that could go (by call sign or id)."""

    id: str
    priority: int
    points: Mapping[str, float]


def match(calls: Sequence[Pending], units: Sequence[str]) -> dict[str, str]:
    """Call id to unit. `calls` are in the order of service, `units` in the order that breaks ties.

    Calls beyond MOST_CALLS, and those for which nobody is left, are not in the answer.
    """
    # Sorted here and not only by the caller: stable, so that equal priorities stay in their order.
    calls = sorted((one for one in calls if one.points), key=lambda one: one.priority)[:MOST_CALLS]
    if not calls:
        return {}
    if len(calls) == 1:
        return {calls[0].id: _best(calls[0], units)}
    return _matched(calls, units)


def _best(call: Pending, units: Sequence[str]) -> str:
    return max((unit for unit in units if unit in call.points), key=lambda unit: call.points[unit])


def _matched(calls: Sequence[Pending], units: Sequence[str]) -> dict[str, str]:
    import rustworkx

    count, place = len(calls), {unit: nth for nth, unit in enumerate(units)}
    tie_most = count * len(units)
    # One unit of points outweighs all ties; one of a priority outweighs all points of the less urgent ones; being
    # served outweighs all points.
    point = tie_most * count + 1
    whole = round((_MOST_POINTS - _LEAST_POINTS) * _STEPS)
    band = whole * count + 1
    served = whole * band ** (_PRIORITIES - 1) * point * count + 1
    edges = []
    for nth, call in enumerate(calls):
        # A call never needs more choices than there are calls: one of its best so many is always free for it.
        ranked = sorted(call.points.items(), key=lambda one: (-one[1], place[one[0]]))[:count]
        for unit, points in ranked:
            gain = round((min(_MOST_POINTS, max(_LEAST_POINTS, points)) - _LEAST_POINTS) * _STEPS)
            weight = (count - nth) * served + gain * band ** (_PRIORITIES - call.priority) * point
            weight += (count - nth) * (len(units) - place[unit])
            edges.append((nth, place[unit], weight))
    # Only who is some call's choice is a node: of a large fleet hardly anybody is.
    chosen = sorted({unit for _, unit, _ in edges})
    nodes = {unit: count + nth for nth, unit in enumerate(chosen)}
    graph = rustworkx.PyGraph(multigraph=False)
    graph.add_nodes_from(range(count + len(chosen)))
    graph.add_edges_from([(nth, nodes[unit], weight) for nth, unit, weight in edges])
    pairs = rustworkx.max_weight_matching(graph, weight_fn=lambda weight: weight)
    return {calls[min(pair)].id: units[chosen[max(pair) - count]] for pair in pairs}


def keeps(standing: float | None, best: float) -> bool:
    """Whether the unit that stands is kept although another has `best` points; None: it can no longer go."""
    return standing is not None and best - standing < HYSTERESIS_POINTS
