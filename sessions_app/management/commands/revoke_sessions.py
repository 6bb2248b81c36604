import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from core.access import Principal
from sessions_app.management.base import (
    DECLINED,
    MAX_REASON_LENGTH,
    NOTHING_MATCHED,
    USAGE,
    LongCommand,
    confirm,
    count_sessions,
    progress,
    reconnect,
    table,
    write_json,
)
from sessions_app.models import Revocation
from sessions_app.operations import bulk_revocation
from sessions_app.operations.bulk_revocation import MoreThanConfirmed
from sessions_app.reads.revocation_preview import RevocationBreakdown, break_down_revocation
from sessions_app.selection import Selection

ACTOR = Principal.system("revoke_sessions")
SELECTION_OPTIONS = (
    *("session", "user", "tenant", "partner", "application", "admins", "all"),
    *("ip", "device", "country", "user_agent", "older_than", "idle_for"),
)


class Command(LongCommand):
    help = "Revoke sessions by scope and filter. A session must match all of the given options."
    when_interrupted = "Interrupted. Run the same command again to finish."

    def add_arguments(self, parser: CommandParser) -> None:
        scope = parser.add_argument_group("scope (at least one is required)")
        scope.add_argument("--session", action="append", metavar="ID", help="this session; may be repeated")
        scope.add_argument(
            "--user", metavar="ID|EMAIL", help="sessions of this user; an e-mail address also needs --tenant"
        )
        scope.add_argument("--tenant", metavar="ID|SLUG", help="sessions of this tenant's users")
        scope.add_argument(
            "--partner", metavar="ID|SLUG", help="sessions of this partner's staff and of its tenants' users"
        )
        scope.add_argument("--application", metavar="ID|CLIENT_ID", help="sessions started for this application")
        scope.add_argument("--admins", action="store_true", help="sessions of all administrators")
        scope.add_argument("--all", action="store_true", help="every session; combine it with filters")
        filters = parser.add_argument_group("filters (only sessions that match all of them)")
        filters.add_argument("--ip", metavar="ADDRESS|CIDR", help="started or last used from this address or network")
        filters.add_argument("--device", metavar="KIND", help="desktop, mobile, tablet, bot, other or unknown")
        filters.add_argument("--country", metavar="CODE", help="started in this country, such as SE")
        filters.add_argument("--user-agent", metavar="TEXT", help="user agent contains this text; case is ignored")
        filters.add_argument(
            "--older-than", metavar="TIME", help="started longer ago than this, such as 30m, 12h or 7d"
        )
        filters.add_argument("--idle-for", metavar="TIME", help="not used for longer than this")
        parser.add_argument("--reason", required=True, help="why; stored on every revoked session")
        parser.add_argument("--dry-run", action="store_true", help="show what would be revoked, and change nothing")
        parser.add_argument("--yes", action="store_true", help="do not ask for confirmation")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, **options: Any) -> None:
        reason = options["reason"].strip()
        if not 0 < len(reason) <= MAX_REASON_LENGTH:
            raise CommandError(f"--reason must have 1 to {MAX_REASON_LENGTH} characters.", returncode=USAGE)
        try:
            selection = Selection.from_options({name: options[name] for name in SELECTION_OPTIONS})
        except ValueError as error:
            raise CommandError(f"{error}.", returncode=USAGE) from error
        self.as_json = options["json"]
        if options["dry_run"]:
            self.write_breakdown(break_down_revocation(selection))
        elif options["yes"] or sys.stdin.isatty():
            self.revoke(selection, reason, must_confirm=not options["yes"])
        else:
            raise CommandError(
                "Not a terminal, so this cannot ask for confirmation. Use --yes to skip it.", returncode=USAGE
            )

    def revoke(self, selection: Selection, reason: str, *, must_confirm: bool) -> None:
        unfinished = bulk_revocation.unfinished(selection, reason=reason)
        count = bulk_revocation.count(selection, reason=reason)
        if not count and unfinished is None and not selection.whole_scope:
            self.write_result(None)
            raise CommandError("No active session matches.", returncode=NOTHING_MATCHED)
        if unfinished:
            self.note(f"Continuing {unfinished.handle}, which has already revoked {unfinished.revoked_count:,}.")
        if must_confirm and count and not confirm(f"Revoke {count_sessions(count, 'more' if unfinished else '')} now?"):
            raise CommandError("Nothing was revoked.", returncode=DECLINED)
        try:
            with progress(count) as bar:
                result = bulk_revocation.revoke_selected(
                    selection,
                    actor=ACTOR,
                    reason=reason,
                    at_most=count if must_confirm else None,
                    on_progress=bar.update,
                )
        except MoreThanConfirmed:
            self.note("More sessions match now.")
            self.revoke(selection, reason, must_confirm=must_confirm)
        except KeyboardInterrupt:
            reconnect()
            self.write_result(bulk_revocation.unfinished(selection, reason=reason))
            raise
        else:
            self.write_result(result.revocation)
            if not count and unfinished is None:
                # The floor was raised nevertheless, which refuses sign-ins in progress.
                raise CommandError(
                    "No active session matches. Sign-ins in progress were refused.", returncode=NOTHING_MATCHED
                )
            if unfinished and (new := bulk_revocation.count(selection, reason=reason)):
                self.note(
                    f"{count_sessions(new)} started to match meanwhile. Run the same command again to revoke them."
                )

    def write_result(self, revocation: Revocation | None) -> None:
        count = revocation.revoked_count if revocation else 0
        if self.as_json:
            handle = revocation.handle if revocation else None
            is_finished = revocation is None or revocation.is_finished
            write_json(self.stdout, {"revocation_id": handle, "revoked_count": count, "is_finished": is_finished})
        elif revocation:
            self.stdout.write(f"{count_sessions(count)} revoked by {revocation.handle}.")

    def write_breakdown(self, breakdown: RevocationBreakdown) -> None:
        if self.as_json:
            write_json(self.stdout, asdict(breakdown))
        else:
            self.stdout.write(f"{count_sessions(breakdown.count)} would be revoked.")
            for title, counts in (
                ("tenant", breakdown.by_tenant),
                ("device", breakdown.by_device),
                ("age", breakdown.by_age),
            ):
                self.stdout.write(f"\nBy {title}:\n{table(counts)}")
            lines = ("  ".join(value or "-" for value in each.values()) for each in breakdown.sample)
            self.stdout.write("\nThe newest:\n  " + "\n  ".join(lines))
        if not breakdown.count:
            raise CommandError("No active session matches.", returncode=NOTHING_MATCHED)
