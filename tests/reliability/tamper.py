"""Tampers with the log in every way there is, on every engine, and prints what the doctor says of it.

    python -m tests.reliability.tamper [sqlite|postgresql]

``VCFLOW_TEST_POSTGRES`` names a server.  It fails unless all are noticed, and nothing is before.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from tests.databases import ENGINES, default_connection_to, migrate, new_database  # noqa: E402  needs the settings
from tests.reliability.tampering import TAMPERINGS, examined, tampered, two_sessions  # noqa: E402
from vcflow_site import stamp  # noqa: E402
from vcflow_site.backups import making  # noqa: E402


def main() -> int:
    """Play all, on the engine that is named or on every one; the answer is the exit status."""
    return 1 if sum(unnoticed(engine) for engine in sys.argv[1:] or ENGINES) else 0


def unnoticed(engine: str) -> int:
    """How many the doctor doesn't notice on that engine."""
    count = 0
    with tempfile.TemporaryDirectory() as folder, new_database(engine, Path(folder)) as url, default_connection_to(url):
        migrate()
        names = two_sessions()
        stamp.mark_complete()
        backup = making.create(f"{folder}/before.backup").path
        assert not examined(backup).findings
        for tampering in TAMPERINGS:
            with tampered(tampering, *names):
                found = [each for each in examined(backup).findings if each.code in tampering.codes]
            count += not found
            said = f"{found[0].code}: {found[0].message}" if found else "NOT NOTICED"
            print(f"{engine:10} {tampering.name:36} {said}")
    return count


if __name__ == "__main__":
    sys.exit(main())
