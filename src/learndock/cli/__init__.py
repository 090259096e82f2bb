"""The command line: a command parses, calls the service once, and shows what came back."""

from learndock.cli.entry import app, main

__all__ = ["app", "main"]
