"""The REST API of the status bridge."""
