"""The Pulumi program: configuration -> plan -> deploy -> outputs."""

from stacks.program import main

main()
