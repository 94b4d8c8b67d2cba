#!/usr/bin/env python
"""Django's command line for vcflow."""

import os
import sys


def main() -> int:
    """Run a management command; what the settings or vcflow refuse is said in one sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vcflow_site.settings")
    try:
        # Inside, so that Ctrl-C is quiet from the first moment.
        from vcflow_site.cli import manage

        return manage(sys.argv)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
