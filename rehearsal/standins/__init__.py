"""Stand-ins for the clouds' providers: what a program may say of a resource, told by the installed SDK alone."""
