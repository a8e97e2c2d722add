"""What can be bought where: facts with a source and a date each, read once, without any cloud."""

from stacks.catalog.load import catalogue
from stacks.catalog.model import Availability, CapacityType, Catalogue, Machine, Price, Region

__all__ = ["Availability", "CapacityType", "Catalogue", "Machine", "Price", "Region", "catalogue"]
