"""The plan: `(config) -> Plan | ConfigurationRefused`, pure and total, without Pulumi.

Every number that decides whether or how many resources exist is in the plan. The same
configuration gives the same plan, whatever the order of its keys.
"""

from stacks.plan.make import Plan, make_plan

__all__ = ["Plan", "make_plan"]
