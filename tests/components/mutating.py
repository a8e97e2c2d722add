"""Loads a component with a mistake in it, and afterwards the right one again."""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType


@contextmanager
def mutated(package: ModuleType, module: str, right: str, wrong: str) -> Iterator[None]:
    """A package's modules anew, one of them with `wrong` in place of `right`, which stands there exactly once."""
    folder = Path(str(package.__file__)).parent
    file = folder / f"{module}.py"
    text = file.read_text()
    assert text.count(right) == 1, f"{right!r} stands {text.count(right)} times in {file.name}"

    class Loader(importlib.abc.InspectLoader):
        def get_source(self, fullname: str) -> str:
            return text.replace(right, wrong)

    class Finder(importlib.abc.MetaPathFinder):
        def find_spec(self, fullname: str, *rest: object) -> importlib.machinery.ModuleSpec | None:
            if fullname != f"{package.__name__}.{module}":
                return None
            return importlib.util.spec_from_loader(fullname, Loader(), origin=str(file))

    finder, kept = Finder(), _forget(package)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        _forget(package)
        sys.modules.update(kept)
        for name, found in kept.items():
            setattr(package, name.rpartition(".")[2], found)


def _forget(package: ModuleType) -> dict[str, ModuleType]:
    """Take the modules out, and off their package, where `from package import module` would find them again."""
    found = {name: module for name, module in sys.modules.items() if name.startswith(f"{package.__name__}.")}
    for name in found:
        del sys.modules[name]
        delattr(package, name.rpartition(".")[2])
    return found
