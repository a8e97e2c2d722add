"""What secrets are called in a cloud's manager: the ground writes them, what is served reads them. Pure."""

PREFIX = "meridian"
SHARED = ("engine-key", "salt-key")
"""Kept once for a territory: how gateways prove themselves to engines, and the key of the tenants' salts."""
TENANTS = "tenants"


def of_tenant(tenant: str, separator: str = "/") -> str:
    """The key of a tenant, by its place below the territory's."""
    return f"{TENANTS}{separator}{tenant}"


def in_manager(environment: str, territory: str, name: str, separator: str = "/") -> str:
    """A secret's whole name; `separator` is `-` where a manager's names may hold no slash."""
    return separator.join((PREFIX, environment, territory, name))
