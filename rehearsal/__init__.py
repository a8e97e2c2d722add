"""Rehearsals: the real engine, its language host, stand-in providers, the lab. Imports no stack or component."""
