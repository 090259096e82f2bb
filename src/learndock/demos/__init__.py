"""The main job on real data, one demo a file."""
