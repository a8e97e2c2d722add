"""Plain Python values out of the protocol's messages."""

from google.protobuf import json_format, struct_pb2


def from_struct(options: struct_pb2.Struct) -> dict[str, object]:
    """Return the `runtime.options` of a project file; numbers are floats, as in every protobuf Struct."""
    return dict(json_format.MessageToDict(options))
