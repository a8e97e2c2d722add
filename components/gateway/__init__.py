"""The gateway of a region: one behaviour as pure data, rendered for the place it runs in."""
