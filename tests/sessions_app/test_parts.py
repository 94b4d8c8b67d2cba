"""The registry of what the floors above know of a session."""

import pytest

from sessions_app import parts
from sessions_app.models import FlowSession


class Weather:
    name = "weather"

    def describe_many(self, flow_sessions, *, reveal=False, actor=None):
        return [f"{'sunny' if reveal else 'cloudy'} over {each.pk}" for each in flow_sessions]


class OtherWeather(Weather):
    pass


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch):
    monkeypatch.setattr(parts, "_parts", {})


def test_registered_part_describes_a_session():
    parts.register(Weather())
    assert parts.describe(FlowSession(pk="x")) == {"weather": "cloudy over x"}
    assert parts.describe(FlowSession(pk="x"), reveal=True) == {"weather": "sunny over x"}


def test_sessions_are_described_in_their_order():
    parts.register(Weather())
    told = parts.describe_many([FlowSession(pk="y"), FlowSession(pk="x")])
    assert told == [{"weather": "cloudy over y"}, {"weather": "cloudy over x"}]
    assert parts.describe_many([]) == []


def test_part_is_registered_once_however_often():
    parts.register(Weather())
    parts.register(Weather())
    assert list(parts.describe(FlowSession(pk="x"))) == ["weather"]


def test_second_part_of_another_kind_under_one_name_is_refused():
    parts.register(Weather())
    with pytest.raises(ValueError, match="weather"):
        parts.register(OtherWeather())
