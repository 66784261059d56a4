"""Equal things are equal however they are written, and unlike things are not."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.detect.indicators.observable import (
    SHOWS,
    Kind,
    Mode,
    NotAskableError,
    Shape,
    and_above,
    keys_of,
    observables_in,
    sought_by,
)
from tocsin.detect.indicators.pattern import Comparison


@pytest.mark.parametrize(
    ("shape", "value", "key"),
    [
        (Shape.HOST, "Evil.EXAMPLE.:443", (Kind.DOMAIN, "evil.example")),
        (Shape.HOST, "münchen.example", (Kind.DOMAIN, "xn--mnchen-3ya.example")),
        (Shape.HOST, "[2001:DB8:0::1]:53", (Kind.ADDRESS, "2001:db8::1")),
        (Shape.ADDRESS, "::ffff:192.0.2.1", (Kind.ADDRESS, "192.0.2.1")),
        (Shape.ADDRESS, "192.0.2.1:50122", (Kind.ADDRESS, "192.0.2.1")),
        (Shape.HOSTS, "type:  5 a.example;::ffff:192.0.2.9;", (Kind.ADDRESS, "192.0.2.9")),
        (Shape.URL, "HTTPS://user:pass@Evil.example:443/A?b=c#d", (Kind.URL, "evil.example/A?b=c")),
        (Shape.URL, "http://evil.example", (Kind.URL, "evil.example/")),
        (Shape.URL, "evil.example:8443/x", (Kind.URL, "evil.example:8443/x")),
        (Shape.URL, "http://[2001:db8::1]:8080/x", (Kind.URL, "2001:db8::1:8080/x")),
        (Shape.URL, "https://192.0.2.1/x", (Kind.ADDRESS, "192.0.2.1")),
        (Shape.MAIL, "Ada <Ada@Tribunal.EXAMPLE>, other", (Kind.MAIL, "ada@tribunal.example")),
        (Shape.MAIL, "smtp:bo@elsewhere.example", (Kind.DOMAIN, "elsewhere.example")),
        (Shape.HASHES, "SHA1=" + "A" * 40 + ",MD5=" + "b" * 32, (Kind.HASH, "md5:" + "b" * 32)),
        (Shape.HASHES, "c" * 64, (Kind.HASH, "sha256:" + "c" * 64)),
        (Shape.PATH, r"C:\Users\\Ada\Tool.EXE", (Kind.FILE_PATH, "c:/users/ada/tool.exe")),
        (Shape.PATH, "/tmp/Tool", (Kind.DIRECTORY, "/tmp")),
        (Shape.PROCESS, r"C:\Windows\tool.exe", (Kind.PROCESS, "tool.exe")),
        (Shape.REGISTRY, r"\REGISTRY\MACHINE\Software\X", (Kind.REGISTRY, r"hklm\software\x")),
        (Shape.REGISTRY, r"HKU\S-1-5-21-1-2-3-1104\Software\Run\Updater", (Kind.REGISTRY, r"hkcu\software\run")),
        (Shape.AGENT, " Tool/1.0  (x) ", (Kind.AGENT, "tool/1.0 (x)")),
    ],
)
def test_a_value_says_the_same_however_it_is_written(shape: Shape, value: str, key: tuple[Kind, str]) -> None:
    assert key in keys_of(shape, value)


@pytest.mark.parametrize(
    ("shape", "value"),
    [
        (Shape.HOST, "-"),
        (Shape.HOST, "localhost"),
        (Shape.URL, "/cases/list?page=2"),
        (Shape.URL, "https://"),
        (Shape.HASHES, "MD5=" + "a" * 40),
        (Shape.ADDRESS, "somewhere"),
        (Shape.PATH, "/"),
        (Shape.MAIL, "nobody"),
    ],
)
def test_a_value_that_says_nothing_of_the_kind_says_nothing(shape: Shape, value: str) -> None:
    assert keys_of(shape, value) == ()


@given(st.sampled_from(Shape), st.text(max_size=40))
def test_any_text_gives_keys_of_the_shapes_own_kinds(shape: Shape, value: str) -> None:
    for kind, key in keys_of(shape, value):
        assert kind in SHOWS[shape]
        assert key


@given(st.ip_addresses().filter(lambda address: not address.is_unspecified))
def test_an_address_is_found_as_it_is_written_in_full(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    found = keys_of(Shape.ADDRESS, address.exploded)
    assert found == keys_of(Shape.ADDRESS, str(address).upper())
    assert len(found) <= 1


def test_a_name_is_below_whole_labels_alone() -> None:
    assert [*and_above("a.evil.example")] == ["a.evil.example", "evil.example"]
    assert "evil.example" not in [*and_above("notevil.example")]


@pytest.mark.parametrize(
    ("comparison", "why"),
    [
        (Comparison("mutex:name", "=", ("x",)), "no log read here records mutex"),
        (Comparison("user-account:user_id", "=", ("ada.example",)), "tocsin exposure"),
        (Comparison("file:size", "=", ("3",)), "file:size is not compared"),
        (Comparison("file:hashes.SSDEEP", "=", ("x",)), "ssdeep"),
        (Comparison("file:hashes.MD5", "=", ("zz",)), "no md5"),
        (Comparison("file:name", "=", ("x",), is_negated=True), "negation"),
        (Comparison("file:name", "LIKE", ("%",)), "everything fits"),
        (Comparison("file:name", "MATCHES", ("(?<=a)b",)), "linear time"),
        (Comparison("ipv4-addr:value", "=", ("127.0.0.1",)), "every machine"),
        (Comparison("ipv4-addr:value", "ISSUBSET", ("0.0.0.0/0",)), "all addresses"),
        (Comparison("file:path", "=", (r"%TEMP%\x.exe",)), "variable"),
        (Comparison("domain-name:value", "=", ("ada example",)), "no domain-name"),
    ],
)
def test_what_no_log_can_answer_is_told_without_the_value(comparison: Comparison, why: str) -> None:
    with pytest.raises(NotAskableError) as error:
        sought_by(comparison)
    assert why in str(error.value)
    assert "ada" not in str(error.value)


def test_a_network_is_asked_as_one_and_of_one_address_as_that() -> None:
    (network,) = sought_by(Comparison("ipv4-addr:value", "=", ("192.0.2.77/24",)))
    (address,) = sought_by(Comparison("ipv6-addr:value", "ISSUBSET", ("2001:db8::1/128",)))
    assert (network.mode, network.key) == (Mode.WITHIN, "192.0.2.0/24")
    assert (address.mode, address.key) == (Mode.IS, "2001:db8::1")


def test_a_shape_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="smell"):
        observables_in({"smell": ["x"]})
