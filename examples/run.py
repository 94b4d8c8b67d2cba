"""What ``make run`` does: set up, play a session on a fresh database, serve the site.

python examples/run.py --port 8000 examples/rules/release-flow.mdc
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from demo import Player, file_parser, play

HOST = "127.0.0.1"


def main() -> None:
    parser = file_parser("Set up vcflow, play a workflow file on a fresh database, and serve.")
    parser.add_argument("--port", type=int, default=8000)
    args = parser.parse_args()
    _need_port(args.port)
    player = Player(os.environ)
    player.prepare()
    is_fresh = not player.ask("flow", "session", "list", "--all", "--limit", "1")
    if is_fresh:
        play(player, args.file)
        print()
    player.show_whole("init", "--port", str(args.port))
    print(f"\nServing at http://{HOST}:{args.port}/ (Ctrl-C ends it)", flush=True)
    _serve(args.port)


def _need_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise SystemExit(
                f"Port {port} of {HOST} can't be used: {error.strerror}. Choose another: make run PORT={port + 1}"
            ) from error


def _serve(port: int) -> None:
    """Become the server."""
    gunicorn = str(Path(sys.executable).with_name("gunicorn"))
    options = ["--bind", f"{HOST}:{port}", "--workers", "2", "--threads", "4", "--no-control-socket"]
    os.execv(gunicorn, [gunicorn, "vcflow_site.wsgi", *options])


if __name__ == "__main__":
    main()
