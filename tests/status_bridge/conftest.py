"""Fixtures that several tests of the status bridge share."""

from tests.status_bridge.lanes_at_work import clock, scripted  # noqa: F401
