"""The driver of the interop suites: starts servers and clients, counts cases. Python standard library only."""
