"""Adapters that keep names, manifests, sketches and spaces."""
