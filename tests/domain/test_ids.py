"""Public ids encode UUIDs one to one, and nothing else is a public id."""

import re
from datetime import UTC, datetime
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ids import ALPHABET, Prefix, decode_id, encode_id, pattern, uuid7

prefixes = st.sampled_from(Prefix)
handles = st.builds(encode_id, prefixes, st.uuids())
misprints = st.builds(
    lambda handle, place, letter: handle[:place] + letter + handle[place + 1 :],
    handles,
    st.integers(min_value=0, max_value=29),
    st.characters() | st.sampled_from("AZiloU_- \0"),
)
milliseconds = st.integers(min_value=0, max_value=2**48 - 1)


class TestEncodedId:
    @given(prefix=prefixes, value=st.uuids())
    def test_decodes_to_its_uuid(self, prefix: Prefix, value: UUID):
        assert decode_id(prefix, encode_id(prefix, value)) == value

    @given(prefix=prefixes, one=st.uuids(), other=st.uuids())
    def test_sorts_like_its_uuid(self, prefix: Prefix, one: UUID, other: UUID):
        assert (encode_id(prefix, one) < encode_id(prefix, other)) == (one < other)

    @given(handle=handles)
    def test_has_a_fixed_length_and_lower_case(self, handle: str):
        assert len(handle) == 3 + 1 + 26
        assert set(handle.partition("_")[2]) <= set(ALPHABET)

    def test_equals_the_documented_example(self):
        value = UUID("01900000-0000-7000-8000-00000000000a")
        assert encode_id(Prefix.SESSION, value) == "ses_01j0000000e00800000000000a"


class TestInvalidId:
    @given(text=st.one_of(st.text(), misprints, handles), prefix=prefixes)
    def test_any_text_that_decodes_encodes_back_to_itself(self, text: str, prefix: Prefix):
        value = decode_id(prefix, text)
        assert value is None or encode_id(prefix, value) == text

    @given(value=st.uuids(), prefix=prefixes, other=prefixes)
    def test_id_with_another_prefix_is_refused(self, value: UUID, prefix: Prefix, other: Prefix):
        assert (decode_id(other, encode_id(prefix, value)) is None) == (prefix is not other)

    @pytest.mark.parametrize("spoilt", [str.upper, lambda it: it + "0", lambda it: it[:-1], lambda it: it + "\n"])
    @given(handle=handles)
    def test_almost_correct_id_is_refused(self, spoilt, handle: str):
        assert decode_id(Prefix(handle[:3]), spoilt(handle)) is None

    @given(handle=handles)
    def test_upper_case_id_is_refused(self, handle: str):
        loud = handle[:4] + handle[4:].upper()
        assert decode_id(Prefix(handle[:3]), loud) is None or loud == handle

    def test_id_over_128_bits_is_refused(self):
        assert decode_id(Prefix.USER, "usr_7" + "z" * 25) == UUID(int=2**128 - 1)
        assert decode_id(Prefix.USER, "usr_8" + "0" * 25) is None

    @given(text=st.text(alphabet=st.characters(min_codepoint=0x660), min_size=26, max_size=26))
    def test_id_in_another_script_is_refused(self, text: str):
        assert decode_id(Prefix.USER, f"usr_{text}") is None

    def test_schema_pattern_matches_exactly_the_valid_ids(self):
        """Tries each character at the first and the last place, and wrong lengths and prefixes."""
        letters = [chr(number) for number in range(33, 127)]
        texts = [f"ses_{first}{'0' * 24}{last}" for first in letters for last in (letters if first == "7" else "0")]
        for text in [*texts, "ses_" + "0" * 25, "ses_" + "0" * 27, "usr_" + "0" * 26, " ses_" + "0" * 26, ""]:
            matches = re.search(pattern(Prefix.SESSION), text) is not None
            assert matches == (decode_id(Prefix.SESSION, text) is not None), text


class TestUuid7:
    @given(earlier=milliseconds, later=milliseconds)
    def test_sorts_by_time(self, earlier: int, later: int):
        if earlier < later:
            assert uuid7(earlier) < uuid7(later)

    @given(at=milliseconds)
    def test_has_version_7_and_the_given_time(self, at: int):
        value = uuid7(at)
        assert (value.version, value.variant) == (7, RFC_4122)
        assert value.int >> 80 == at

    def test_default_time_is_now(self):
        before, value, after = datetime.now(UTC), uuid7(), datetime.now(UTC)
        assert int(before.timestamp() * 1000) <= value.int >> 80 <= int(after.timestamp() * 1000)

    def test_ten_thousand_of_one_millisecond_differ(self):
        assert len({uuid7(0) for _ in range(10_000)}) == 10_000
