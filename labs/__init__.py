"""The laboratories: one file or folder per lab, and `labs.bench`, the words they are written in."""
