"""The filter language of the edge API by example: syntax, meaning and error messages."""

from datetime import timedelta

from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from sessions_app.api.edge.filters import parse_query
from sessions_app.models import Session
from tests.cells import cells
from tests.contract.edge.client import filter_error, ids, list_body, list_response
from tests.world import World

EVERYTHING, NOTHING = "everything", "nothing"


def found(world: World, text: str) -> str:
    """Whether a filter that no two sessions differ in keeps them."""
    everything = ids(list_body(world.north_admin))
    kept = ids(list_body(world.north_admin, text))
    assert kept in (everything, [])
    return EVERYTHING if kept else NOTHING


class TestBooleanOperators:
    @cells(
        ("text", "kept"),
        [
            ("false and false or true", NOTHING),  # false and (false or true)
            ("true or true and false", EVERYTHING),  # true or (true and false)
            ("(false and false) or true", EVERYTHING),
            ("not false and false", EVERYTHING),  # not (false and false)
            ("(not false) and false", NOTHING),
            ("true and not true or true", NOTHING),  # true and not (true or true)
            ("not not true", EVERYTHING),
            ("NOT FALSE AND TRUE oR fAlSe", EVERYTHING),  # not (false and (true or false))
            ("isSystem", NOTHING),
            ("not isSystem", EVERYTHING),
        ],
    )
    def test_and_and_or_have_equal_precedence_and_bind_right(self, text: str, kept: str, world: World):
        assert found(world, text) == kept

    def test_operators_need_surrounding_whitespace(self, world: World):
        for text in ("(true)and(true)", "true and(true)", "(true) or(false)", "not(true)", "trueand true"):
            filter_error(list_response(world.north_admin, text))
        for text in (" true ", "\ttrue\r\nand\n true", "( true ) and ( true )", "not (false)"):
            assert found(world, text) == EVERYTHING


class TestFieldName:
    @cells(
        "name",
        [
            *("identityId", "authenticatorId", "isMfaComplete", "isMfaRequired", "configTypes", "isCertExtendable"),
            *(
                "identity.name",
                "apiSessionCertificates",
                "ID",
                "createdat",
                "user",
                "password",
                "tenant_id",
                "pk",
            ),
        ],
    )
    def test_private_field_is_an_unknown_symbol(self, name: str, world: World):
        for text in (f'{name} = "x"', f"{name}", f'{name} in ["x"]', f"{name} = null", f"{name} between 1 and 2"):
            assert filter_error(list_response(world.north_admin, text)) == f"unknown symbol '{name}'"
        assert filter_error(list_response(world.north_admin, f"sort by {name}")) == f"unknown symbol '{name}'"

    def test_field_may_be_in_single_quotes_and_a_value_may_not(self, world: World):
        handle = world.north_admin.session_id
        assert ids(list_body(world.north_admin, f"'id' = \"{handle}\"")) == [handle]
        filter_error(list_response(world.north_admin, f"id = '{handle}'"))

    @cells("text", ["id2 = 1", "2id = 1", "not-a = 1", "a..b = 1", ".a = 1", "a. = 1", 'null = "x"'])
    def test_malformed_field_is_a_syntax_error(self, text: str, world: World):
        assert filter_error(list_response(world.north_admin, text)).startswith("Unexpected symbol: ")

    def test_tag_name_may_contain_hyphens(self, world: World):
        assert found(world, 'tags.service-id.x-y != "z"') == EVERYTHING


class TestNull:
    @cells(
        ("text", "kept"),
        [
            ("tags.x = null", EVERYTHING),
            ("tags.x != null", NOTHING),
            ('tags.x = "y"', NOTHING),
            ('tags.x != "y"', EVERYTHING),
            ("tags.x > 5", NOTHING),
            ("tags.x <= datetime(2026-01-01T00:00:00Z)", NOTHING),
            ('tags.x contains "y"', NOTHING),
            ('tags.x not contains "y"', EVERYTHING),
            ('tags.x not icontains "y"', NOTHING),
            ('tags.x in ["y"]', NOTHING),
            ('tags.x not in ["y"]', NOTHING),
            ("tags.x between 1 and 2", NOTHING),
            ("tags.x not between 1 and 2", NOTHING),
            ("tags.x", NOTHING),
            ("not tags.x", EVERYTHING),
            ("tags.x = true", NOTHING),
            ("id = null", NOTHING),
            ("id != null", EVERYTHING),
            ("tags = null", NOTHING),
            ("mfaComplete != null", EVERYTHING),
            ("lastActivityAt = null or authenticator = null", NOTHING),
        ],
    )
    def test_only_missing_tags_equal_null(self, text: str, kept: str, world: World):
        assert found(world, text) == kept


class TestOperandTypes:
    @cells(
        ("text", "why"),
        [
            ('createdAt = "x"', "operation createdAt = x is not supported with operands types date, string"),
            ("createdAt > 5", "operation createdAt > 5 is not supported with operands types date, number"),
            ("mfaComplete > true", "operation mfaComplete > true is not supported with operands types bool, bool"),
            ('mfaComplete = "x"', "operation mfaComplete = x is not supported with operands types bool, string"),
            ("isSystem != 0", "operation isSystem != 0 is not supported with operands types bool, number"),
            (
                "token > datetime(2026-01-01T00:00:00Z)",
                "operation token > 2026-01-01T00:00:00Z is not supported with operands types string, date",
            ),
            ("token = true", "operation token = true is not supported with operands types string, bool"),
            ("id < null", "operation id < null is not supported with operands types string, null"),
            (
                'createdAt contains "x"',
                "operation createdAt contains x is not supported with operands types date, string",
            ),
            ('tags = "x"', "operation tags = x is not supported with operands types other, string"),
            (
                "mfaComplete in [1, 2]",
                "operation mfaComplete in [1, 2] is not supported with operands types bool, number",
            ),
            ("createdAt not in [1]", "operation createdAt in [1] is not supported with operands types date, number"),
            ("tags in [1]", "operation tags in [1] is not supported with operands types other, number"),
            ("id between 1 and 2", "operation between is not supported with operands types string, number, number"),
            (
                "createdAt between 1 and 2",
                "operation between is not supported with operands types date, number, number",
            ),
            ("token", "expression token is of type string, not bool"),
            ("createdAt and true", "expression createdAt is of type date, not bool"),
            ("tags", "expression tags is of type other, not bool"),
            ("tags.x < true", "operation tags.x < true is not supported with operands types any, bool"),
            ('anyOf(id) = "x"', "anyOf(id) is not possible: id is not a set"),
            ('allof( token ) != "x"', "allof(token) is not possible: token is not a set"),
            ("count(tags) > 1", "count(tags) is not possible: tags is not a set"),
            ("isEmpty(identity)", "isEmpty(identity) is not possible: identity is not a set"),
            ("isEmpty(from id where true)", "isEmpty(id) is not possible: id is not a set"),
            ("count(nothing) = 1", "unknown symbol 'nothing'"),
            ("isEmpty(apiSessionCertificates)", "unknown symbol 'apiSessionCertificates'"),
        ],
    )
    def test_incompatible_operand_types_are_refused(self, text: str, why: str, world: World):
        assert filter_error(list_response(world.north_admin, text)) == why

    @cells(
        ("text", "kept"),
        [
            ("ipAddress contains 192", EVERYTHING),
            ("ipAddress contains 192.00", EVERYTHING),  # a number's text is its shortest: 192
            ("ipAddress contains 1.9e2", NOTHING),  # 190
            ("ipAddress contains 0.2", EVERYTHING),
            ("ipAddress contains 1e1", EVERYTHING),  # 10
            ("ipAddress > 191", EVERYTHING),
            ("ipAddress < 9", EVERYTHING),  # as text
            ("authenticator < 0", EVERYTHING),
            ("ipAddress in [1, 192]", NOTHING),
        ],
    )
    def test_number_is_compared_as_text_with_a_text_field(self, text: str, kept: str, world: World):
        world.north_admin  # noqa: B018 - is there, and has the address of everybody
        assert found(world, text) == kept


class TestDatetime:
    def test_comparison_is_exact_to_the_microsecond(self, world: World):
        row = Session.objects.filter(pk=world.north_admin.session.pk)
        row.update(created_at="2026-01-02T03:04:05.000001Z", idle_limit=timedelta(days=9999))
        for text, kept in {
            "= datetime(2026-01-02T03:04:05.000001Z)": True,
            "= datetime(2026-01-02t05:04:05.000001+02:00)": True,
            "= datetime( 2026-01-02T03:04:05.0000010z )": True,
            "= datetime(2026-01-02T03:04:05.0000011Z)": False,
            "!= datetime(2026-01-02T03:04:05.0000011Z)": True,
            "< datetime(2026-01-02T03:04:05.0000011Z)": True,
            "<= datetime(2026-01-02T03:04:05.0000009Z)": False,
            "> datetime(2026-01-02T03:04:05.0000009Z)": True,
            ">= datetime(2026-01-02T03:04:05.0000011Z)": False,
            "between datetime(2026-01-02T03:04:05.000001Z) and datetime(2026-01-02T03:04:05.000002Z)": True,
            "between datetime(2026-01-02T03:04:05Z) and datetime(2026-01-02T03:04:05.000001Z)": False,
            "not between datetime(2026-01-02T03:04:05Z) and datetime(2026-01-02T03:04:05.000001Z)": True,
            "in [datetime(2026-01-02T03:04:05Z), datetime(2026-01-02T03:04:05.000001Z)]": True,
        }.items():
            assert found(world, f"createdAt {text}") == (EVERYTHING if kept else NOTHING), text

    @cells("moment", ["2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:00:60Z"])
    def test_nonexistent_date_or_time_is_refused(self, moment: str, world: World):
        assert (
            filter_error(list_response(world.north_admin, f"createdAt > datetime({moment})"))
            == f"{moment} is no moment"
        )

    @cells("moment", ["0000-01-01T00:00:00Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00"])
    def test_date_out_of_range_is_refused(self, moment: str, world: World):
        assert (
            filter_error(list_response(world.north_admin, f"createdAt > datetime({moment})"))
            == f"{moment} is no moment"
        )

    @cells(
        "text",
        [
            *("DATETIME(2026-01-01T00:00:00Z)", "datetime (2026-01-01T00:00:00Z)", "datetime(2026-01-01)"),
            *("datetime(2026-01-01T00:00:00)", "datetime(2026-1-1T00:00:00Z)", 'datetime("2026-01-01T00:00:00Z")'),
        ],
    )
    def test_malformed_datetime_is_a_syntax_error(self, text: str, world: World):
        assert filter_error(list_response(world.north_admin, f"createdAt > {text}")).startswith("Unexpected symbol: ")


class TestInOperator:
    def test_list_must_be_nonempty_and_of_one_type(self, world: World):
        for text in (
            "id in []",
            'id in ["a", 1]',
            "id in [1,]",
            "id in [null]",
            "id in [true]",
            'id in ("a")',
            "id in [1 2]",
        ):
            assert filter_error(list_response(world.north_admin, text)).startswith("Unexpected symbol: ")

    def test_not_in_is_written_with_one_space(self, world: World):
        handle = world.north_admin.session_id
        assert ids(list_body(world.north_admin, f'id not in ["{handle}"]')) == []
        for text in (f'id not  in ["{handle}"]', f'id notin ["{handle}"]'):
            filter_error(list_response(world.north_admin, text))
        assert ids(list_body(world.north_admin, 'id not\tin [ "x" , "y" ]')) == [handle]
        assert ids(list_body(world.north_admin, 'id  not   contains  "x!"')) == [handle]


class TestIdComparison:
    def test_contains_matches_any_part_of_an_id(self, world: World):
        handle, letters = world.north_admin.session_id, world.north_admin.session_id.partition("_")[2]
        for part in (
            handle,
            letters,
            letters[3:20],
            letters[-1],
            "",
            "s",
            "ses",
            "_",
            "ses_",
            "s_" + letters[:4],
            letters[0],
        ):
            assert handle in ids(list_body(world.north_admin, f'id contains "{part}"')), part
        for part in ("ses_" + letters[1:9], letters + "0", letters.upper(), "l", "%", "\\\\", "u", "es_s", "__", "é"):
            assert ids(list_body(world.north_admin, f'token contains "{part}"')) == [], part
        assert handle in ids(list_body(world.north_admin, f'id icontains "{handle.upper()}"'))
        assert ids(list_body(world.north_admin, 'identity contains "usr_"')) != []

    def test_ids_are_ordered_as_text(self, world: World):
        handle = world.north_admin.session_id
        for text, kept in {
            f'id >= "{handle}"': True,
            f'id > "{handle}"': False,
            f'id < "{handle}0"': True,
            f'id <= "{handle[:-1]}"': False,
            f'id > "{handle[:-1]}"': True,
            'id > ""': True,
            'id > "ses"': True,
            'id < "ses_zzzz"': True,
            'id < "set"': True,
            'id > "sesé"': False,
            'id < "ses_8"': True,
            'id < "Ses_"': False,
        }.items():
            assert (handle in ids(list_body(world.north_admin, text))) == kept, text


class TestSyntaxError:
    @cells(
        ("text", "symbol", "line", "column"),
        [
            ("   ", "<EOF>", 1, 3),
            ("id = ", "<EOF>", 1, 5),
            ("id == 1", "=", 1, 4),
            ("true\nand\n  id =! 3", "!", 3, 6),
            ("sort id", "sort", 1, 0),
            ("true sort by id desc asc", "asc", 1, 21),
            ("limit 1 skip 2", "skip", 1, 8),
            ("skip 1 sort by id", "sort", 1, 7),
            ("true limit", "limit", 1, 5),
            ("id = .5", ".", 1, 5),
            ("id = 05", "5", 1, 6),
            ('id = "a\\b"', '"', 1, 5),
            ('id = "unfinished', '"', 1, 5),
            ("(true", "<EOF>", 1, 5),
            ("true)", ")", 1, 4),
            ("id = “x”", "“", 1, 5),
        ],
    )
    def test_error_message_has_line_column_and_symbol(
        self, text: str, symbol: str, line: int, column: int, world: World
    ):
        where = f"line: {line}, column: {column}, symbol: {symbol}"
        why = f'Unexpected symbol: "{symbol}" at line: {line} column: {column}. {where}'
        assert filter_error(list_response(world.north_admin, text)) == why


def test_empty_filter_matches_every_session(world: World):
    Session.objects.filter(pk=world.ada.session.pk).update(last_activity_at=Now())
    assert ids(list_body(world.north_admin, "")) == ids(list_body(world.north_admin)) != []


@cells(
    ("address", "text", "is_there"),
    [
        (None, 'ipAddress = ""', True),
        (None, 'ipAddress != ""', False),
        (None, 'ipAddress < "0"', True),
        ("2001:db8::1", 'ipAddress = "2001:db8::1"', True),
        ("2001:db8::1", 'ipAddress = "2001:DB8::1"', False),
        ("2001:db8::1", 'ipAddress = "2001:db8:0::1"', False),
        ("2001:db8::1", 'ipAddress icontains "DB8"', True),
        ("2001:db8::1", 'ipAddress contains "DB8"', False),
        ("192.0.2.7", 'ipAddress in ["192.0.2.7/32", "::ffff:192.0.2.7"]', False),
        ("192.0.2.7", 'ipAddress in ["x", "192.0.2.7"]', True),
        ("192.0.2.7", 'ipAddress not in ["x", ""]', True),
        ("192.0.2.7", 'ipAddress contains "%"', False),
        ("192.0.2.7", 'ipAddress contains "_"', False),
    ],
)
def test_ip_address_is_compared_as_text(address: str | None, text: str, is_there: bool, world: World):
    Session.objects.filter(pk=world.north_admin.session.pk).update(ip_address=address)
    assert bool(ids(list_body(world.north_admin, text))) == is_there


def test_a_filter_by_mfa_does_not_look_up_every_user(world: World):
    """It would cost two lookups for each session of the tenant, and PostgreSQL would sort them all to find a page."""
    with CaptureQueriesContext(connection) as sent:
        list_body(world.north_admin, "mfaRequired = false")
    [statement] = [each["sql"] for each in sent.captured_queries if "JSONB_BUILD_OBJECT" in each["sql"]]
    assert "accounts_totpdevice" in statement
    assert "accounts_user" not in statement


def test_a_filter_that_is_sent_again_is_not_read_again(world: World):
    text = 'ipAddress = "192.0.2.1" and mfaComplete'
    list_body(world.north_admin, text)
    before = parse_query.cache_info()
    list_body(world.north_admin, text)
    after = parse_query.cache_info()
    assert (after.hits, after.misses) == (before.hits + 1, before.misses)
