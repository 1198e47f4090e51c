"""Physics and chemistry: arrays in, arrays out. Knows no screen and no student."""
