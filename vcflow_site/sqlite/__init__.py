"""Django's SQLite backend with a wait that Ctrl-C ends."""
