"""``python -m vcflow_site.backups <file>``: fill the database of the settings, which is a scratch one, and judge it."""

import sys

from vcflow_site.cli import resolve, start_django

if __name__ == "__main__":
    start_django()
    sys.exit(resolve("vcflow_site.backups.scratch.main")(sys.argv[1]))
