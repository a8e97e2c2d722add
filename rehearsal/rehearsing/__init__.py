"""A rehearsal: a program's whole life with the real engine and stand-ins for the clouds. One call: `rehearse`."""

from rehearsal.rehearsing.model import Change, Report, Result, Run, StackOf, Subject
from rehearsal.rehearsing.place import Place
from rehearsal.rehearsing.running import rehearse

__all__ = ["Change", "Place", "Report", "Result", "Run", "StackOf", "Subject", "rehearse"]
