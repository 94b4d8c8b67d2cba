"""The shared harness with its peers: a copy of it with our adapter, its environments, its PostgreSQL."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent


class HarnessError(Exception):
    """The harness is missing or a part of it doesn't work; the text says what to do."""


def say(message: str) -> None:
    """Tell how far the run is, beside its output."""
    print(message, file=sys.stderr, flush=True)


def clean_environment(**variables: str) -> dict[str, str]:
    """The process's environment without what changes how vcflow or Python start."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("VCFLOW_", "PYTHON", "DJANGO_"))}
    return kept | variables


@dataclass(frozen=True, slots=True)
class Harness:
    """A copy of the harness in ``folder``; ``root`` is where it keeps environments and databases."""

    root: Path
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """What its scripts and the adapters read."""
        return clean_environment(BENCH_ROOT=str(self.root))

    def run(self, *words: str, env: dict[str, str] | None = None) -> str:
        """Run one of its scripts; the answer is what it complained of."""
        done = subprocess.run(
            [f"./{words[0]}", *words[1:]],
            cwd=self.folder,
            env=self.environment | (env or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise HarnessError(f"{' '.join(words)} failed: {_last_line(done.stderr) or _last_line(done.stdout)}")
        return done.stderr.strip()


def bench_root() -> Path:
    """Where all that is measured is kept."""
    return Path(os.environ.get("BENCH_ROOT") or Path(tempfile.gettempdir()) / "vcflow-bench")


def prepare() -> Harness:
    """Copy the harness, add our adapter and the environments."""
    root = bench_root()
    harness = Harness(root, root / "harness")
    _copy(_source(), harness.folder)
    shutil.copyfile(HERE / "adapter_vcflow.py", harness.folder / "adapters" / "vcflow.py")
    say("the peers' environment (made once) ...")
    harness.run("setup.sh", "django")
    link = root / "venvs" / "vcflow"
    link.unlink(missing_ok=True)
    link.symlink_to(sys.prefix)
    return harness


def _source() -> Path:
    given = os.environ.get("BENCH_HARNESS")
    source = Path(given) if given else CHECKOUT.parent / "shared" / "bench"
    if not (source / "journeys.py").is_file():
        raise HarnessError(
            f"The harness with the peers is not in {source}: put it there, or name its folder: "
            "make bench BENCH_HARNESS=/path/to/bench"
        )
    return source


def _copy(source: Path, target: Path) -> None:
    """A fresh copy that may be written to, whatever the source's permissions."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (target, *target.rglob("*")):
        path.chmod(path.stat().st_mode | 0o200)


@contextmanager
def postgresql(harness: Harness) -> Iterator[dict[str, str]]:
    """A PostgreSQL of the harness's own while the body runs; yields the environment that leads to it."""
    with tempfile.TemporaryDirectory(prefix="vcflow-bench-pg-", ignore_cleanup_errors=True) as folder:
        # The server runs as another user, who has to reach it.
        os.chmod(folder, 0o755)
        env = {"BENCH_PG_ROOT": f"{folder}/pg", "BENCH_PG_PORT": str(_free_port())}
        harness.run("pg.sh", "init", env=env)
        harness.run("pg.sh", "start", env=env)
        try:
            yield env
        finally:
            harness.run("pg.sh", "stop", env=env)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]


def fresh_folder(path: Path) -> Path:
    """An empty folder there, for this user alone."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True, mode=0o700)
    return path
