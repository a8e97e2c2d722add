"""Names and steering of territories: one file per DNS provider and layer."""
