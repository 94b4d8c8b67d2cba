"""Experiments that kill: what is promised holds all the same."""
