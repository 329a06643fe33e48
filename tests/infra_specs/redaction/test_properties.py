"""Whatever a value is, however it is written, and whatever stands beside it: it is not told."""

import base64
from itertools import pairwise

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from infra_specs.redaction import Redaction, Stream
from tests.flows.odd_secrets import forty, needles
from tests.infra_specs.redaction.written import forms

pytestmark = pytest.mark.pure

letters = st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Cn"), include_characters="\t")
values = st.text(st.one_of(letters, st.sampled_from("aB3 \"'\\/%&+=<>$?#é☃😀")), min_size=8, max_size=60).filter(
    lambda text: len(text.strip()) >= 8
)
multi_line = st.lists(values, min_size=2, max_size=4).map("\n".join)
beside = st.text(st.sampled_from("abcXYZ019 .,:;\"'\\=/\n[]{}%"), max_size=12)
LABEL = "[secret s]"


@settings(max_examples=100, deadline=None)
@given(value=st.one_of(values, multi_line), name=st.sampled_from(sorted(forms)), before=beside, after=beside)
@example(value="00000Ã'0", name="a form", before="", after="")  # in Latin-1 it is the first byte that it has in UTF-8
@example(value="00000000\n00000000", name="YAML", before="", after="")  # YAML writes one more line end
@example(value="00000000\n000000\t0", name="HTML, all in numbers", before="", after="")  # a tab has one digit
def test_no_form_of_a_value_survives(value: str, name: str, before: str, after: str) -> None:
    form = forms[name](value)
    inner = forms[name](value.strip())
    redacted = Redaction({"s": [value]}).redacted(f"{before}{form}{after}")
    assert LABEL in redacted or "***" in redacted or "[secret]" in redacted
    assert value.strip() not in redacted
    assert inner not in redacted


def test_no_form_of_any_odd_secret_survives() -> None:
    odd = forty()
    redaction = Redaction({name: [value] for name, value in odd.items()})
    texts = {data.decode("latin-1" if name == "store" else "utf-8") for data, name in needles(odd).items()}
    assert [text for text in texts if text in redaction.redacted(f"says {text} now")] == []


@settings(max_examples=50, deadline=None)
@given(value=values, more=values, name=st.sampled_from(sorted(forms)), turned=st.booleans())
def test_a_value_that_begins_or_ends_another_leaks_nothing_of_it(
    value: str, more: str, name: str, turned: bool
) -> None:
    longer = more + value if turned else value + more
    assume(len(more.strip()) >= 8)
    redaction = Redaction({"short": [value], "s": [longer]})
    redacted = redaction.redacted(f"said {forms[name](longer)} and no more")
    assert forms[name](more.strip()) not in redacted


@settings(max_examples=50, deadline=None)
@given(secrets=st.lists(values, max_size=5), text=st.text(max_size=200))
def test_text_without_a_secret_is_unchanged(secrets: list[str], text: str) -> None:
    assume("@" not in text)
    assume(not any(value.strip()[:4] in text for value in secrets))
    assert Redaction({"s": secrets}).redacted(text) == text


@settings(max_examples=50, deadline=None)
@given(value=st.one_of(values, multi_line), name=st.sampled_from(sorted(forms)), before=beside,
       cuts=st.lists(st.integers(0, 2000), max_size=6))  # fmt: skip
@example(value="00000000\n00000000", name="YAML", before="", cuts=[12])
@example(value=f"0{chr(0xA0) * 6}0\n00000000", name="HTML in numbers", before="", cuts=[207])  # each line is written so
def test_a_value_cut_between_pieces_is_told_in_none(value: str, name: str, before: str, cuts: list[int]) -> None:
    redaction = Redaction({"s": [value]})
    text = f"{before}{forms[name](value)}\nthe end"
    stream = Stream(lambda: redaction)
    places = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    told = [stream.take(text[begin:end]) for begin, end in pairwise(places)] + [stream.end()]
    assert forms[name](value.strip()) not in "".join(told)
    assert value.strip() not in "".join(told)


@settings(max_examples=100, deadline=None)
@given(value=st.binary(min_size=8, max_size=60), name=st.sampled_from(["hex", "base64", "repr", "latin-1"]))
def test_no_form_of_bytes_survives(value: bytes, name: str) -> None:
    assume(len(value.decode("latin-1").strip()) == len(value))
    form = {
        "hex": value.hex(),
        "base64": base64.b64encode(value).decode(),
        "repr": repr(value),
        "latin-1": value.decode("latin-1"),
    }[name]
    assert form not in Redaction({"s": [value]}).redacted(f"it is {form}.")
