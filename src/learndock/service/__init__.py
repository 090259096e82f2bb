"""Dock and its verbs: the only door."""
