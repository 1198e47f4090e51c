"""A gas behind a piston: pressure, volume and temperature of molecules that can be counted."""

from labs.gas_piston.lab import GasPistonLab

__all__ = ["GasPistonLab"]
