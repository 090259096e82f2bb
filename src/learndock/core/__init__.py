"""Nouns of learndock: frozen types, ports, registry, identity, archive. No input or output."""
