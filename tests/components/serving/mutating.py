"""Loads a component with a mistake in it, and afterwards the right one again."""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import components.serving
from tests.components.serving.mutations import Mutation

FOLDER = Path(__file__).parents[3] / "components" / "serving"
PACKAGE = "components.serving"


@contextmanager
def mutated(mutation: Mutation) -> Iterator[None]:
    """The components anew, one of them with the mistake."""
    file = FOLDER / f"{mutation.module}.py"
    text = file.read_text()
    assert text.count(mutation.right) == 1, (
        f"{mutation.right!r} stands {text.count(mutation.right)} times in {file.name}"
    )

    class Loader(importlib.abc.InspectLoader):
        def get_source(self, fullname: str) -> str:
            return text.replace(mutation.right, mutation.wrong)

    class Finder(importlib.abc.MetaPathFinder):
        def find_spec(self, fullname: str, *rest: object) -> importlib.machinery.ModuleSpec | None:
            if fullname != f"{PACKAGE}.{mutation.module}":
                return None
            return importlib.util.spec_from_loader(fullname, Loader(), origin=str(file))

    finder, kept = Finder(), _forget()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        _forget()
        sys.modules.update(kept)
        for name, module in kept.items():
            setattr(components.serving, name.rpartition(".")[2], module)


def _forget() -> dict[str, ModuleType]:
    """Take the modules out, and off their package, where `from package import module` would find them again."""
    found = {name: module for name, module in sys.modules.items() if name.startswith(f"{PACKAGE}.")}
    for name in found:
        del sys.modules[name]
        delattr(components.serving, name.rpartition(".")[2])
    return found
