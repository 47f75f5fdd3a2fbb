"""The one error that the command line turns into a sentence."""


class SimError(Exception):
    """Something the user can mend: the text says what is wrong, where, and what to do."""
