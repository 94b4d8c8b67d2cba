"""Backups: one file each, made while others write, checked by restoring it, and put back as a whole."""
