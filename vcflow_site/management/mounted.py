"""A management command that is a part of the ``vc`` tree."""

from __future__ import annotations

import argparse
import sys
from typing import Any, ClassVar

from django.core.management import BaseCommand, CommandError

from sessions_app.cli.build import HelpShown
from sessions_app.cli.terminal import Terminal
from sessions_app.exceptions import FlowError
from vcflow_site.cli import Mount, dispatch, main


class MountedCommand(BaseCommand):
    """Hands all its words to the tree: the same commands, options and exit statuses as ``vc``."""

    mount: ClassVar[Mount]
    # They would double the time that each command takes.
    requires_system_checks = []

    def run_from_argv(self, argv: list[str]) -> None:
        # Django has heeded these two already, wherever they stand.
        django_options = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
        django_options.add_argument("--settings")
        django_options.add_argument("--pythonpath")
        _heeded, words = django_options.parse_known_args(argv[2:])
        sys.exit(main(self.mount, words))

    def print_help(self, prog_name: str, subcommand: str) -> None:
        main(self.mount, ["--help"])

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("words", nargs=argparse.REMAINDER)

    def handle(self, *args: Any, **options: Any) -> None:
        """For ``call_command``: answers through ``self.stdout``, raises ``CommandError``."""
        terminal = Terminal(self.stdout, self.stderr)  # type: ignore[arg-type]  # behaves like the stream it wraps
        try:
            dispatch(self.mount, options["words"], terminal)
        except HelpShown as shown:
            self.stdout.write(shown.text)
        except FlowError as error:
            raise CommandError(f"{error.message} {error.fix}".strip(), returncode=error.exit_status) from error
