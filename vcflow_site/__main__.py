"""``vc``, and ``python -m vcflow_site``."""

import sys


def main() -> int:
    """Run ``vc`` with the process's arguments; the answer is the exit status."""
    try:
        # Inside, so that Ctrl-C is quiet from the first moment.
        from vcflow_site.cli import VC, main

        return main(VC, sys.argv[1:])
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
