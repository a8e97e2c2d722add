"""The language host: lets the engine run Python programs, policy packs and plugins.

The engine starts `pulumi-language-python`, reads a port from its standard output and speaks the LanguageRuntime
protocol to it. The Python SDK ships the protocol's generated classes but not the host; this package is the host.
"""
