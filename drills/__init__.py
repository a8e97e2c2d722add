"""Failures made on purpose on a stack of this machine, under load, each with a measured outcome."""
