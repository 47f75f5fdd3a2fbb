"""Say what went wrong in one sentence to a person: the errors that cross a layer.

Anything else that is raised is a bug, and is shown with its traceback.
"""

from collections.abc import Mapping, Sequence


class SixFixedError(Exception):
    """Tell a person what, where and what to do; the message is the whole sentence.

    `code` is the stable word for programs (HTTP's `error.code`, `--json`), `exit_status` the command's.
    """

    code = "failed"
    exit_status = 1

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class SettingError(SixFixedError):
    """A setting is unknown, malformed or contradicts another."""

    code = "bad_setting"
    exit_status = 2


class StartError(SixFixedError):
    """The system can't start here: a port, a folder, a binary or another start is in the way."""

    code = "cannot_start"


class NotFoundError(SixFixedError):
    """There is no such thing, or the caller may not know of it (the two must not be told apart)."""

    code = "not_found"


class NotLoggedInError(SixFixedError):
    """The caller hasn't said who they are."""

    code = "not_logged_in"


class ForbiddenError(SixFixedError):
    """The caller's role never has this action."""

    code = "forbidden"


class ConflictError(SixFixedError):
    """The state of the thing doesn't allow this now; `fields` may say for a program what it is, and what it allows."""

    code = "conflict"

    def __init__(
        self, message: str, *, fields: Mapping[str, str] | None = None, code: str | None = None
    ) -> None:
        super().__init__(message, code=code)
        self.fields = dict(fields or {})


class InvalidError(SixFixedError):
    """The request is understood and its content is wrong; `fields` maps a field's name to why."""

    code = "invalid"

    def __init__(
        self, message: str, *, fields: Mapping[str, str] | None = None, code: str | None = None
    ) -> None:
        super().__init__(message, code=code)
        self.fields = dict(fields or {})


class TooManyError(SixFixedError):
    """Too many tries; `retry_after_s` says when the next one is looked at."""

    code = "too_many"

    def __init__(self, message: str, *, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class FaultsError(SixFixedError):
    """Many faults in one input, each a line of its own (file, line, column, why); nothing was changed."""

    code = "faults"

    def __init__(self, message: str, *, faults: Sequence[str]) -> None:
        super().__init__(message)
        self.faults = tuple(faults)
