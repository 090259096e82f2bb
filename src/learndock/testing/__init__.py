"""Contract suites: every adapter inherits the one of its port."""
