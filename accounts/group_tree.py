"""What is nested in a group, to any depth, as a tree that can be read."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from core.ids import Prefix, encode_id

# Each nesting once, level by level: a group that is nested in two others would else double whatever is in it. One
# group after the other is looked up in an index (migration 0008 says why).
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
class Line:
    """A group where it is nested; `is_repeated` where what is in it stands further up already."""

    pk: UUID
    name: str
    group_type: str
    level: int
    is_repeated: bool

    @property
    def handle(self) -> str:
        return encode_id(Prefix.GROUP, self.pk)


def tree_of(group_id: UUID, *, most: int) -> tuple[list[Line], int]:
    """At most so many lines, those near the top first, and how many more there are. A group is of one tenant with all
    that is nested in it: who may see it, may see those."""
    with connection.cursor() as cursor:
        cursor.execute(WALK, {"top": group_id, "most": most})
        rows = cursor.fetchall()
    children: dict[UUID, list[Any]] = defaultdict(list)
    for parent_id, child_id, name, group_type, _ in rows:
        children[parent_id].append((name, child_id, group_type))
    lines = _laid_out(group_id, children)
    return lines, (rows[0][-1] if rows else 0) - len(rows)


def _laid_out(top: UUID, children: dict[UUID, list[Any]]) -> list[Line]:
    """Each below what it is in, by name. Depth takes a list, and not the stack of a program."""
    lines: list[Line] = []
    opened = {top}
    waiting = [(each, 1) for each in sorted(children[top], reverse=True)]
    while waiting:
        (name, pk, group_type), level = waiting.pop()
        is_repeated = pk in opened and bool(children.get(pk))
        lines.append(Line(pk, name, group_type, level, is_repeated))
        if pk not in opened:
            opened.add(pk)
            waiting += [(each, level + 1) for each in sorted(children.get(pk, []), reverse=True)]
    return lines
