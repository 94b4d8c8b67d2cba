"""Static files for test clients, each of which would look for all of them again."""

from whitenoise.middleware import WhiteNoiseMiddleware  # type: ignore[import-untyped]

_seek = WhiteNoiseMiddleware.add_files_from_finders
_found: dict[tuple[str, int | None], dict[str, object]] = {}


def seek_once() -> None:
    """From now on WhiteNoise finds in this process what it found there the first time, with the same settings."""
    WhiteNoiseMiddleware.add_files_from_finders = _remembered


def _remembered(middleware: WhiteNoiseMiddleware) -> None:
    key = (middleware.static_prefix, middleware.max_age)
    if key not in _found:
        _seek(middleware)
        _found[key] = dict(middleware.files)
    middleware.files.update(_found[key])
