"""The server of SixFixed: four roles (broker, ingest, web, worker) and a command line."""
