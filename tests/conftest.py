"""What all tests share: examples of Hypothesis are not timed, because the machines they run on are busy."""

from hypothesis import settings

settings.register_profile("house", deadline=None)
settings.load_profile("house")
