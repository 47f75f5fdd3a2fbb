"""The emulated fleet: buses that drive a county pack and speak PROTOCOL.md, independent of the server."""
