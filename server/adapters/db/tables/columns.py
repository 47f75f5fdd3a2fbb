"""What tables share: their metadata with its naming, and the columns that recur."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData, String

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite gives a rowid alias only to INTEGER, PostgreSQL wants BIGINT for a log that never ends.
Serial = BigInteger().with_variant(Integer, "sqlite")


def id_column() -> Column[str]:
    """Make the key of a row that others name."""
    return Column("id", String(32), primary_key=True)


def reference(name: str, target: str, *, nullable: bool = False, primary_key: bool = False) -> Column[str]:
    """Make a column that names a row of another table, indexed."""
    return Column(
        name,
        String(32),
        ForeignKey(f"{target}.id"),
        nullable=nullable,
        primary_key=primary_key,
        index=not primary_key,
    )


def ended_column() -> Column[int]:
    """Make the column of the instant from which a row holds no more."""
    return Column("ended_at_ms", BigInteger, nullable=True)
