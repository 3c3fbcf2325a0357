import json
from collections.abc import Mapping
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iec104mm2ss.console.codec import ANSWER, ASK, FOLLOW, GREETING, ITEM, CodecError, Tag, decode, encode
from iec104mm2ss.console.requests import Edit, Send, Show, Status

numbers = st.floats(allow_nan=False, allow_infinity=False)
whole = st.integers(-(2**63) + 1, 2**63 - 1)
texts = st.text()
st.register_type_strategy(float, numbers)
st.register_type_strategy(int, whole)
st.register_type_strategy(str, texts)
st.register_type_strategy(Mapping, st.dictionaries(texts, texts))


TAGS = (ASK, FOLLOW, ANSWER, ITEM, GREETING)


@pytest.mark.parametrize(
    ("tag", "kind"),
    [pytest.param(tag, kind, id=f"{tag.name}-{name}") for tag in TAGS for name, kind in tag.messages.items()],
)
@given(data=st.data())
def test_every_message_comes_back_as_it_was(tag: Tag, kind: type, data: st.DataObject) -> None:
    message = data.draw(st.from_type(kind))
    line = encode(tag, message)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert line.isascii()
    assert decode(line, *TAGS) == (tag, message)


def test_a_line_is_what_the_manual_shows() -> None:
    assert encode(ASK, Show("111/S")) == b'{"ask": "Show", "key": "111/S"}\n'
    assert decode(b'{"ask": "Send", "index": 301, "seconds": 10}', ASK) == (ASK, Send(301, 10.0))
    assert decode(b'{"ask": "Status"}', ASK) == (ASK, Status())


def test_what_has_a_default_may_be_left_out() -> None:
    assert decode(b'{"ask": "Edit", "key": "111/S"}', ASK) == (ASK, Edit("111/S", {}, check=False))


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b"", "the line is no JSON"),
        (b"\xff\xfe", "the line is no JSON"),
        (b"{", "the line is no JSON"),
        (b"[]", "the line is no JSON object"),
        (b"7", "the line is no JSON object"),
        (b"{}", "a line needs ask or follow"),
        (b'{"answer": "Done", "text": ""}', "a line needs ask or follow"),
        (b'{"ask": "Quit"}', "ask is 'Quit' and should be one of Status, Show"),
        (b'{"ask": ["Status"]}', "ask is list and should be"),
        (b'{"ask": null}', "ask is None and should be"),
        (b'{"follow": "Status"}', "follow is 'Status' and should be one of Log, Trace"),
        (b'{"ask": "Show"}', "Show needs key"),
        (b'{"ask": "Show", "key": 7}', "key: 7 should be a text"),
        (b'{"ask": "Show", "key": "111", "lines": 7}', "Show has no 'lines'; it has key"),
        (b'{"ask": "Diff", "key": "111"}', "Diff has no 'key'; it has no fields"),
        (b'{"ask": "Log", "key": "111", "lines": true}', "lines: True should be a whole number"),
        (b'{"ask": "Log", "key": "111", "lines": 1.5}', "lines: 1.5 should be a whole number"),
        (b'{"ask": "Log", "key": "111", "lines": 1' + b"0" * 40 + b"}", "a number with too many digits should be"),
        (b'{"ask": "Log", "key": "111", "lines": 1' + b"0" * 5000 + b"}", "the line is no JSON"),
        (b'{"ask": "Send", "index": 1, "seconds": NaN}', "seconds: nan should be a number"),
        (b'{"ask": "Send", "index": 1, "seconds": 1e999}', "seconds: inf should be a number"),
        (b'{"ask": "Send", "index": 1, "seconds": "10"}', "seconds: '10' should be a number"),
        (b'{"ask": "Send", "index": 1, "seconds": false}', "seconds: False should be a number"),
        (b'{"ask": "Reload", "check": 1}', "check: 1 should be true or false"),
        (b'{"ask": "Edit", "key": "111", "cells": []}', "cells: list should be an object of texts"),
        (b'{"ask": "Edit", "key": "111", "cells": {"k": 20}}', "cells: 20 should be a text"),
        (b'{"ask": "Edit", "key": "111", "cells": null}', "cells: None should be an object of texts"),
        (b'{"ask":' * 100_000, "the line is nested too deeply"),
        (b"[" * 100_000, "the line is nested too deeply"),
    ],
)
def test_what_is_no_request_is_refused_with_the_reason(line: bytes, complaint: str) -> None:
    with pytest.raises(CodecError) as refusal:
        decode(line, ASK, FOLLOW)
    assert complaint in str(refusal.value)
    assert len(str(refusal.value)) < 400


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b'{"answer": "Lines", "lines": "abc"}', "lines: 'abc' should be a list"),
        (b'{"answer": "Lines", "lines": [1]}', "lines: 1 should be a text"),
        (b'{"answer": "Edited", "problems": [7], "drops": [], "changes": []}', "problems: 7 should be an object"),
    ],
)
def test_what_is_no_answer_is_refused_with_the_reason(line: bytes, complaint: str) -> None:
    with pytest.raises(CodecError) as refusal:
        decode(line, ANSWER)
    assert complaint in str(refusal.value)


def test_a_state_that_is_not_known_is_refused() -> None:
    texts_ = dict.fromkeys(("key", "name", "reason", "peer", "address", "event"), "")
    numbers_ = dict.fromkeys(("group", "age", "ca", "received", "sent", "unacknowledged", "k", "event_age"), 0)
    entry = {**texts_, **numbers_, "role": "RTU", "state": "UP"}
    rest: dict[str, object] = {"sections": [], "fields": [], "refused": [], "drops": [], "log_file": ""}
    with pytest.raises(CodecError, match="entry: state: 'UP' should be one of ONLINE, CONNECTED"):
        decode(json.dumps({"answer": "Details", "entry": entry, **rest}).encode(), ANSWER)


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.binary() | any_json.map(lambda value: json.dumps(value).encode()))
def test_any_line_is_refused_or_a_message(line: bytes) -> None:
    with suppress(CodecError):
        decode(line, ASK, FOLLOW)


@given(st.sampled_from(sorted(ASK.messages)), st.dictionaries(st.sampled_from(["key", "lines", "check"]), any_json))
def test_any_fields_are_refused_or_a_message(name: str, fields: dict[str, object]) -> None:
    with suppress(CodecError):
        tag, message = decode(json.dumps({"ask": name, **fields}).encode(), ASK)
        assert decode(encode(tag, message), ASK) == (tag, message)
