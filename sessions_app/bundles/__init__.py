"""Bundles: whole sessions with their history as files of JSON Lines, written, checked and taken in."""
