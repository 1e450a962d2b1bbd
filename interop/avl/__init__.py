"""Positions from vehicle trackers and tracking apps: Traccar, the OsmAnd protocol, OwnTracks."""
