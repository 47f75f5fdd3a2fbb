"""The command line, one module a command; the work is bootstrap's, imported when one runs."""
