"""What the server tells its forker, as one argument of a command line."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Settings:
    """Descriptors, folders and numbers for a forker."""

    orders: int  # descriptor of the socket to the server
    lifeline: int  # descriptor of the pipe that only the server holds open
    folder: str  # where kernels put their sockets
    scenarios: str  # the shipped ones, to rehearse
    stock: int
    groups: str  # control groups of the kernels, if any

    def words(self) -> str:
        """As an argument of a command line."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, words: str) -> "Settings":
        """From that argument."""
        return cls(**json.loads(words))
