"""Adapters that combine members into one predictor."""
