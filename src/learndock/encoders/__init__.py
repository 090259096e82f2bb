"""Adapters that turn raw data into coordinates of a space."""
