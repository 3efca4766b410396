"""The history in a database: SQLite beside the service, or PostgreSQL for several machines."""
