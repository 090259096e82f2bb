"""Adapters that store and load one model format each, none of which runs code."""
