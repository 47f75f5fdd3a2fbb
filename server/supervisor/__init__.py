"""`sixfixed up`: the roles as child processes of one command, kept alive and ended together."""
