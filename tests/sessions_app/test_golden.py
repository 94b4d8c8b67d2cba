"""What each release wrote is still read: a bundle per release, whose logs replay to the states that they lead to.

``tests/golden/<release>.jsonl`` is made once, by that release (``vc flow export --sessions --all --with-secrets``), and
never again.
"""

from pathlib import Path

import pytest

from sessions_app.actors import local_actor
from sessions_app.bundles.importing import Options, check_bundle, take_in
from sessions_app.bundles.writing import Writer
from sessions_app.models import FlowSession
from tests.factories import assert_consistent
from vcflow_site.doctor.running import Round

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("*.jsonl"))


@pytest.mark.django_db
@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_log_comes_in_replays_and_goes_out_as_it_was(path):
    chosen = Options(keep_owners=True)
    take_in(local_actor(), check_bundle(str(path), chosen, lambda _count: None), chosen, lambda _count: None)
    keys = sorted(FlowSession.objects.filter(workflow_id="golden").values_list("pk", flat=True))
    assert len(keys) == 2
    for key in keys:
        assert_consistent(key)
    found = Round(local_actor(), lambda _message: None).look(keys, None).findings
    assert found == []
    written = b"".join(Writer(local_actor(), with_secrets=True).lines(keys))
    told, expected = written.splitlines(), path.read_bytes().splitlines()
    # The header names the release that writes, over which the last line's sum goes too.
    assert told[1:-1] == expected[1:-1]
