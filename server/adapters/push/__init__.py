"""Web push: to which addresses, sealed for whom, signed by us, sent."""
