"""The instruments of the bench, one per file, as specifications."""
