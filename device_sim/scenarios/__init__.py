"""The named sets of faults, one TOML file each."""
