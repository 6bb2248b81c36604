import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from core.access import Principal
from sessions_app.management.asking import (
    DECLINED,
    LONGEST_REASON,
    NOTHING_MATCHED,
    USAGE,
    LongCommand,
    connect_anew,
    is_agreed,
    progress,
    some,
    table,
    write_json,
)
from sessions_app.models import Revocation
from sessions_app.operations import selecting
from sessions_app.operations.selecting import MoreThanConfirmed, Preview
from sessions_app.selection import Selection

ACTOR = Principal.system("revoke_sessions")
SELECTING = (
    *("session", "user", "tenant", "partner", "application", "admins", "all"),
    *("ip", "device", "country", "user_agent", "older_than", "idle_for"),
)


class Command(LongCommand):
    help = "End sessions, by what they belong to and what they look like. All that is said must hold of each."
    when_interrupted = "Interrupted. The same command carries on."

    def add_arguments(self, parser: CommandParser) -> None:
        named = parser.add_argument_group("what to end, at least one of these")
        named.add_argument("--session", action="append", metavar="ID", help="this session; may be repeated")
        named.add_argument("--user", metavar="ID|EMAIL", help="this user's; an e-mail address needs --tenant beside it")
        named.add_argument("--tenant", metavar="ID|SLUG", help="those of this tenant's people")
        named.add_argument("--partner", metavar="ID|SLUG", help="those of the people in this partner's tenants")
        named.add_argument("--application", metavar="ID|CLIENT_ID", help="those opened for this application")
        named.add_argument("--admins", action="store_true", help="those of administrators, of whatever tier")
        named.add_argument("--all", action="store_true", help="every one there is")
        looks = parser.add_argument_group("and of those only the ones that")
        looks.add_argument("--ip", metavar="ADDRESS|CIDR", help="were opened or last used from there")
        looks.add_argument("--device", metavar="KIND", help="are on a desktop, mobile, tablet, bot, other or unknown")
        looks.add_argument("--country", metavar="CODE", help="were opened in that country, such as SE")
        looks.add_argument("--user-agent", metavar="TEXT", help="have this in their user agent, in capitals or not")
        looks.add_argument("--older-than", metavar="TIME", help="were opened longer ago than that: 30m, 12h, 7d")
        looks.add_argument("--idle-for", metavar="TIME", help="were last used longer ago than that")
        parser.add_argument("--reason", required=True, help="why; every session that ends says so")
        parser.add_argument("--dry-run", action="store_true", help="show what would end, and change nothing")
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument("--json", action="store_true", help="answer with one JSON object")

    def handle(self, **options: Any) -> None:
        reason = options["reason"].strip()
        if not 0 < len(reason) <= LONGEST_REASON:
            raise CommandError(f"--reason takes 1 to {LONGEST_REASON} characters.", returncode=USAGE)
        try:
            selection = Selection.of({name: options[name] for name in SELECTING})
        except ValueError as error:
            raise CommandError(f"{error}.", returncode=USAGE) from error
        self.as_json = options["json"]
        if options["dry_run"]:
            self.show(selecting.preview(selection))
        elif options["yes"] or sys.stdin.isatty():
            self.revoke(selection, reason, is_asking=not options["yes"])
        else:
            raise CommandError("There is no terminal to ask at; --yes ends them unasked.", returncode=USAGE)

    def revoke(self, selection: Selection, reason: str, *, is_asking: bool) -> None:
        begun = selecting.unfinished(selection, reason=reason)
        count = selecting.count(selection, reason=reason)
        if not count and begun is None and not selection.scope:
            self.tell(None)
            raise CommandError("Nothing matches.", returncode=NOTHING_MATCHED)
        if begun:
            self.note(f"Carrying on with {begun.handle}, which has ended {begun.revoked_count:,} before.")
        if is_asking and count and not is_agreed(f"End {some(count, 'more' if begun else '')} now?"):
            raise CommandError("Nothing was ended.", returncode=DECLINED)
        try:
            with progress(count) as bar:
                ended = selecting.revoke_selected(
                    selection, actor=ACTOR, reason=reason, at_most=count if is_asking else None, told=bar.update
                )
        except MoreThanConfirmed:
            self.note("More have come to match meanwhile.")
            self.revoke(selection, reason, is_asking=is_asking)
        except KeyboardInterrupt:
            connect_anew()
            self.tell(selecting.unfinished(selection, reason=reason))
            raise
        else:
            self.tell(ended.revocation)
            if not count and begun is None:
                # A floor was raised all the same: it is there for sign-ins that are under way.
                raise CommandError("Nothing was live; who was signing in begins anew.", returncode=NOTHING_MATCHED)
            if begun and (late := selecting.count(selection, reason=reason)):
                self.note(f"{some(late)} came to match since that began; the same command ends them too.")

    def tell(self, revocation: Revocation | None) -> None:
        count = revocation.revoked_count if revocation else 0
        if self.as_json:
            handle = revocation.handle if revocation else None
            is_finished = revocation is None or revocation.number is not None or revocation.swept_at is not None
            write_json(self.stdout, {"revocation_id": handle, "revoked_count": count, "is_finished": is_finished})
        elif revocation:
            self.stdout.write(f"{some(count)} ended by {revocation.handle}.")

    def show(self, preview: Preview) -> None:
        if self.as_json:
            write_json(self.stdout, asdict(preview))
        else:
            self.stdout.write(f"{some(preview.count)} would end.")
            for title, counts in (
                ("tenant", preview.by_tenant),
                ("device", preview.by_device),
                ("age", preview.by_age),
            ):
                self.stdout.write(f"\nBy {title}:\n{table(counts)}")
            lines = ("  ".join(value or "-" for value in each.values()) for each in preview.sample)
            self.stdout.write("\nThe newest:\n  " + "\n  ".join(lines))
        if not preview.count:
            raise CommandError("Nothing matches.", returncode=NOTHING_MATCHED)
