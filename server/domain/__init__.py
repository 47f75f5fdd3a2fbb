"""Values and arithmetic of the domain; pure: standard library and msgspec only."""
