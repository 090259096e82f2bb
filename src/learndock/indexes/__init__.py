"""Adapters that find vectors."""
