"""Socket.IO rooms."""
