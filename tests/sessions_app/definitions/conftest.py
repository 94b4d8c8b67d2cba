"""Messages are tested in English, whatever language the machine speaks."""

from collections.abc import Iterator

import pytest

from sessions_app import language


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    language.activate("en")
    yield
    language.activate(None)
