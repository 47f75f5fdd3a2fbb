"""The database: tables, engine, unit of work, and the queries of each use case."""
