"""The one error of this package."""


class EngineError(Exception):
    """There is no engine to be had; says what is wrong, why it matters and what to do."""

    def __init__(self, *, what: str, why: str, fix: str) -> None:
        super().__init__(f"{what} {why} {fix}")
        self.what = what
        """What is wrong, one sentence."""
        self.why = why
        """Why that stops the work, one sentence."""
        self.fix = fix
        """What to do instead."""
