"""Damages a backup in several ways and says how often that was not noticed.

python -m tests.reliability.damage <file> <seed>
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vcflow_site.settings")
django.setup()

from sessions_app.exceptions import FlowError  # noqa: E402  settings can be read only now
from vcflow_site.backups import archive  # noqa: E402

WAYS = 5


def is_noticed(path: Path) -> bool:
    try:
        with archive.opened(path) as opened:
            opened.check()
    except FlowError:
        return True
    return False


def damaged(whole: bytes, way: int, chance: random.Random) -> bytes:
    """The bytes with one flipped three times of five, else cut off."""
    if way >= 3:
        return whole[: chance.randrange(len(whole))]
    torn, place = bytearray(whole), chance.randrange(len(whole))
    torn[place] ^= 1 << chance.randrange(8)
    return bytes(torn)


def main(file: str, seed: int) -> None:
    whole, chance = Path(file).read_bytes(), random.Random(seed)
    unnoticed = 0
    with tempfile.TemporaryDirectory() as folder:
        for way in range(WAYS):
            path = Path(folder) / "damaged.backup"
            path.write_bytes(damaged(whole, way, chance))
            unnoticed += not is_noticed(path)
    print(unnoticed)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
