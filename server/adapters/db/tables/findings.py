"""What is wrong, and who answers for it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from server.adapters.db.tables.columns import Serial, id_column, metadata, reference

# One violation or hidden danger. What a rule stated is a projection (`origin` fold) or goes by the server's clock
# (`origin` clock); `state` … `closed_at_ms` are the life that people give it. `key` is trip or vehicle, kind,
# begin and what it is about. `evidence` is JSON. `withdrawn_at_ms`: folded again, it was not so.
findings = Table(
    "findings",
    metadata,
    id_column(),
    Column("key", String(160), nullable=False, unique=True),
    Column("origin", String(8), nullable=False),
    reference("operator_id", "operators"),
    Column("vehicle_id", String(32), index=True),
    Column("trip_id", String(32), ForeignKey("trips.id"), index=True),
    Column("driver_id", String(32)),
    Column("rider_id", String(32), ForeignKey("riders.id"), index=True),
    Column("stop_id", String(32)),
    Column("kind", String(32), nullable=False),
    Column("severity", String(8), nullable=False),
    Column("fixed", String(8)),
    Column("began_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    Column("measured", Float),
    Column("limit", Float),
    Column("evidence", LargeBinary, nullable=False),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("withdrawn_at_ms", BigInteger),
    Column("state", String(16), nullable=False),
    Column("owner_id", String(32)),
    Column("deadline_ms", BigInteger),
    Column("answered_at_ms", BigInteger),
    Column("closed_at_ms", BigInteger),
    # how far the call for a person has climbed, and when it is repeated:
    Column("tier", Integer, nullable=False, server_default="0"),
    Column("calls", Integer, nullable=False, server_default="0"),
    Column("call_next_ms", BigInteger),
    Index("ix_findings_operator_began", "operator_id", "began_ms"),
    Index("ix_findings_began", "began_ms", "id"),
    Index("ix_findings_open", "state", "severity"),
    Index("ix_findings_calls", "call_next_ms"),
)

# What people did about a finding, in order.
finding_steps = Table(
    "finding_steps",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("finding_id", String(32), ForeignKey("findings.id"), nullable=False, index=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("user_id", String(32), nullable=False),
    Column("step", String(16), nullable=False),
    Column("remark", Text),
)
