"""Adapters that keep bytes under their digest."""
