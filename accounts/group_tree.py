"""The groups nested in a group, to any depth, as rows of a tree."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from core.ids import Prefix, encode_id

# Each nesting once, level by level: otherwise a group nested in two others would double its content. The groups are
# looked up in an index one by one (migration 0008 says why).
WALK = """
WITH RECURSIVE nested (parent_id, child_id) AS (
  SELECT parent_id, child_id FROM accounts_groupnesting AS nesting
  JOIN accounts_group AS child ON child.id = nesting.child_id AND child.deleted_at IS NULL WHERE parent_id = %(top)s
  UNION
  SELECT nesting.parent_id, nesting.child_id FROM nested
  CROSS JOIN LATERAL (
    SELECT parent_id, child_id FROM accounts_groupnesting WHERE parent_id = nested.child_id OFFSET 0
  ) AS nesting
  CROSS JOIN LATERAL (
    SELECT id FROM accounts_group WHERE id = nesting.child_id AND deleted_at IS NULL OFFSET 0
  ) AS child
), found AS (SELECT parent_id, child_id, count(*) OVER () AS everything FROM nested LIMIT %(most)s)
SELECT parent_id, child_id, name, group_type, everything FROM found JOIN accounts_group AS child ON child.id = child_id
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A nested group. `is_repeated` if its content is in an earlier row."""

    pk: UUID
    name: str
    group_type: str
    level: int
    is_repeated: bool

    @property
    def handle(self) -> str:
        return encode_id(Prefix.GROUP, self.pk)


def tree_of(group_id: UUID, *, max_rows: int) -> tuple[list[Row], int]:
    """Return at most `max_rows` rows, those of the upper levels first, and how many more there are.

    Nested groups belong to the same tenant, so a principal who may see the group may see them.
    """
    with connection.cursor() as cursor:
        cursor.execute(WALK, {"top": group_id, "most": max_rows})
        rows = cursor.fetchall()
    children: dict[UUID, list[Any]] = defaultdict(list)
    for parent_id, child_id, name, group_type, _ in rows:
        children[parent_id].append((name, child_id, group_type))
    return _arranged(group_id, children), (rows[0][-1] if rows else 0) - len(rows)


def _arranged(top: UUID, children: dict[UUID, list[Any]]) -> list[Row]:
    """Put each group below its parent, by name. The tree may be deeper than Python can recurse."""
    rows: list[Row] = []
    expanded = {top}
    pending = [(each, 1) for each in sorted(children[top], reverse=True)]
    while pending:
        (name, pk, group_type), level = pending.pop()
        is_repeated = pk in expanded and bool(children.get(pk))
        rows.append(Row(pk, name, group_type, level, is_repeated))
        if pk not in expanded:
            expanded.add(pk)
            pending += [(each, level + 1) for each in sorted(children.get(pk, []), reverse=True)]
    return rows
