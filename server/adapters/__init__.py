"""The outside of the house: database, broker, files. Nothing here knows a rule."""
