"""Our rates beside those of peers, measured in one run."""
