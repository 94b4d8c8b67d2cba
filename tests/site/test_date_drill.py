"""From years to months to days, by the calendar alone."""

from datetime import UTC, date, datetime

import pytest
from django.utils import timezone, translation

from sessions_app.admin.date_drill import Stretch, drill, read_bound, stretch_between

OLDEST, NEWEST = datetime(2024, 11, 20, tzinfo=UTC), datetime(2026, 2, 3, 20, tzinfo=UTC)


def link(stretch):
    return f"{stretch.first}..{stretch.end}" if stretch else "all"


def drilled(chosen=None, oldest=OLDEST, newest=NEWEST):
    with translation.override("en"), timezone.override("Asia/Shanghai"):
        return drill(oldest, newest, chosen, link, "All")


def test_years_reach_from_the_first_row_to_the_last():
    found = drilled()
    assert [choice.title for choice in found.down] == ["2024", "2025", "2026"]
    assert found.down[0].href == "2024-01-01..2025-01-01"
    assert found.up == []


def test_year_leads_to_its_months_that_have_rows_between():
    found = drilled(Stretch(date(2024, 1, 1), date(2025, 1, 1)))
    assert [choice.href for choice in found.down] == ["2024-11-01..2024-12-01", "2024-12-01..2025-01-01"]
    assert found.here == "2024"


def test_month_leads_to_days_of_the_readers_zone():
    found = drilled(Stretch(date(2026, 2, 1), date(2026, 3, 1)))
    # 20:00 UTC is the next day in Shanghai.
    assert [choice.href.partition("..")[0] for choice in found.down] == [f"2026-02-0{day}" for day in (1, 2, 3, 4)]
    assert [choice.title for choice in found.up] == ["All", "2026"]


def test_day_leads_back_up():
    found = drilled(Stretch(date(2025, 12, 31), date(2026, 1, 1)))
    assert [choice.href for choice in found.up] == ["all", "2025-01-01..2026-01-01", "2025-12-01..2026-01-01"]
    assert (found.here, found.down) == ("December 31", [])


def test_other_stretches_are_told_by_their_days():
    found = drilled(Stretch(date(2025, 12, 30), date(2026, 1, 2)))
    assert found.here == "2025-12-30 – 2026-01-01"
    assert found.down == []


def test_nothing_to_drill_in_an_empty_list():
    assert drilled(oldest=None, newest=None).down == []


def test_bounds_are_days_or_exact_times():
    with timezone.override("Asia/Shanghai"):
        start, end = read_bound("2026-02-01"), read_bound("2026-03-01")
        assert start == datetime(2026, 1, 31, 16, tzinfo=UTC)
        assert read_bound("2026-02-01T00:00:00 08:00") == start
        assert stretch_between(start, end) == Stretch(date(2026, 2, 1), date(2026, 3, 1))
        assert stretch_between(end, start) is None
        assert stretch_between(start, NEWEST) is None


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "9999-12-31", "0001-01-01"])
def test_other_bounds_are_refused(text):
    with pytest.raises(ValueError):
        read_bound(text)
