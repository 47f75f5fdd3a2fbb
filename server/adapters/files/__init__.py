"""Files that whoever runs the server gives."""
