"""Matter as molecules."""
