"""What ``make run`` does: set up, play a session on a fresh database, then serve the site and deliver to webhooks.

python examples/run.py --port 8000 examples/rules/release-flow.mdc
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from demo import VC, Player, file_parser, play

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
    sys.exit(_run_together(_server(args.port), [VC, "flow", "worker"]))


def _need_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise SystemExit(
                f"Port {port} of {HOST} can't be used: {error.strerror}. Choose another: make run PORT={port + 1}"
            ) from error


def _server(port: int) -> list[str]:
    gunicorn = str(Path(sys.executable).with_name("gunicorn"))
    options = ["--bind", f"{HOST}:{port}", "--workers", "2", "--threads", "4", "--no-control-socket"]
    return [gunicorn, "vcflow_site.wsgi", *options]


def _run_together(*commands: list[str]) -> int:
    """Run programs until one of them ends, or somebody ends this one; then end the others.

    The answer is the exit status of the first (the number of the signal that killed it), 0 if it was told to end.
    """
    # In groups of their own, so that Ctrl-C reaches this program alone, which tells each of them once.
    programs = [subprocess.Popen(command, start_new_session=True) for command in commands]
    told: list[int] = []

    def end(number: int, _frame: object) -> None:
        told.append(number)
        _end(programs)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    while all(program.poll() is None for program in programs):
        time.sleep(0.1)
    status = next(program.returncode for program in programs if program.returncode is not None)
    if not told:
        _end(programs)
    for program in programs:
        program.wait()
    return 0 if told else abs(status)


def _end(programs: list[subprocess.Popen[bytes]]) -> None:
    for program in programs:
        if program.poll() is None:
            program.terminate()


if __name__ == "__main__":
    main()
