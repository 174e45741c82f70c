"""The database itself refuses to rewrite history: triggers for both engines.

SQLite's INSERT OR REPLACE deletes silently unless `recursive_triggers=ON` (every connection
sets it); PostgreSQL's TRUNCATE passes row triggers and needs one of its own.
"""

from __future__ import annotations

FROZEN = ("entries", "legs", "key_events", "audit", "campaign_versions", "findings")
"""Tables whose rows are never changed nor deleted."""
UNCHANGED = ("facts", "claim_notes")
"""Tables whose rows are never changed but for `FORGETS`; retention deletes old ones."""
UNDELETED = ("claim_notes",)
"""But not of these."""
FORGETS = {
    "facts": (
        "phone_blind",
        "id", "event", "kind", "at", "received_at", "application_ref", "customer_ref", "card_ref",
        "referral_token", "transaction_ref", "amount", "currency", "existing_customer", "product",
        "branch",
    ),
    "claim_notes": ("words", "id", "claim_id", "person_id", "staff_id", "at"),
}  # fmt: skip
"""But for one column, which may be emptied: when its person is erased, or its term is over. The
others stay."""


def statements(dialect_name: str) -> list[str]:
    """The DDL, in order, for `sqlite` or `postgresql`; ValueError for another engine."""
    if dialect_name == "sqlite":
        return [
            *(_sqlite(table, act) for table in FROZEN for act in ("UPDATE", "DELETE")),
            *(_sqlite(table, "UPDATE") for table in UNCHANGED),
            *(_sqlite(table, "DELETE") for table in UNDELETED),
        ]
    if dialect_name == "postgresql":
        return [
            _REFUSE,
            *(_row(table, "UPDATE OR DELETE") for table in FROZEN),
            *(_row(table, "UPDATE") for table in UNCHANGED),
            *(_undeleted(table) for table in UNDELETED),
            *(_truncate(table) for table in (*FROZEN, *UNCHANGED)),
        ]
    raise ValueError(f"no append-only rules for {dialect_name}")


def _sqlite(table: str, act: str) -> str:
    but = _unless_forgetting(table, "IS") if act == "UPDATE" else ""
    return (
        f"CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table}\n"
        f"{but}BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


def _unless_forgetting(table: str, same: str) -> str:
    if table not in FORGETS:
        return ""
    emptied, *kept = FORGETS[table]
    rest = " AND ".join(f"NEW.{column} {same} OLD.{column}" for column in kept)
    return f"WHEN (NOT (NEW.{emptied} IS NULL AND {rest})) "


_REFUSE = """CREATE FUNCTION refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"""


def _row(table: str, acts: str) -> str:
    return (
        f"CREATE TRIGGER {table}_append_only BEFORE {acts} ON {table}\n"
        f"FOR EACH ROW {_unless_forgetting(table, 'IS NOT DISTINCT FROM')}"
        "EXECUTE FUNCTION refuse_rewrite()"
    )


def _undeleted(table: str) -> str:
    return (
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}\n"
        "FOR EACH ROW EXECUTE FUNCTION refuse_rewrite()"
    )


def _truncate(table: str) -> str:
    return (
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}\n"
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewrite()"
    )
