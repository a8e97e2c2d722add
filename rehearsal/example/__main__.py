"""The example program: the scope is in the stack's name."""

from rehearsal.example.deploy import main

main()
