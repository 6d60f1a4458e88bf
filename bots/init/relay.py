"""Which relay, with which key, and whether it answers."""

import argparse
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from bots.config.expect import Wrong
from bots.config.secrets import address
from bots.init.given import given, value_of
from bots.init.prompt import Prompt
from bots.init.trial import list_models, neighbours
from bots.loop import run_async
from core.errors import ConfigError, RelayError, RelayUnsupported
from core.loopback import is_loopback
from core.relay.address import base_url, check_proxy, travels_readable
from core.relay.entry import RelayEntry
from core.relay.profile import load_dialect, profile_names
from core.secret import Secret

CALL = re.compile(r"(/v1)?/(chat/completions|completions|models)/?$")
"""What is pasted along with an address: the path of one call."""

OFFERED = ("openai", "burnhair", "zhizengzeng", "rcouyi", "aiwhistle", "oneapi")
"""Profiles in the order of the question."""

TOLD = {"relay_unauthorized", "relay_forbidden", "relay_refused", "relay_timeout"}
"""Failures that have a sentence of their own; the rest share one with the status."""


class Answered(Struct, frozen=True, kw_only=True):
    """A relay and the models it lists. `source` is where its key stays: "env:…", "file:…" or ""."""

    entry: RelayEntry
    source: str = ""
    models: tuple[str, ...] = ()


def choose_relay(options: argparse.Namespace, prompt: Prompt) -> Answered:
    """Raises ConfigError where nobody can be asked and something is missing or wrong."""
    if options.relay:
        plain: bool = options.allow_plain_http
        entry = named(options.relay, prompt, options.address or "", plain=plain)
    else:
        entry = asked(prompt, options.address or "", plain=options.allow_plain_http)
    if options.proxy:
        entry = replace(entry, proxy=value_of(options.proxy, options.config, "--proxy", address))
    answered = with_key(options, prompt, entry)
    if options.no_try:
        return answered
    return tried(prompt, answered)


def asked(prompt: Prompt, address: str = "", *, plain: bool = False) -> RelayEntry:
    """`address` and `plain` are for the relay that is chosen, as in `named`."""
    local = run_async(neighbours()) if prompt.interactive else ()
    names = [
        prompt.words("local", name=one.name, address=one.base_url, count=len(one.models))
        for one in local
    ]
    profiles = [prompt.words(f"relay_{name}") for name in OFFERED]
    choices = [*names, *profiles, prompt.words("other")]
    place = prompt.choose("which_relay", choices, "--relay") - len(local)
    if place < 0:
        return named(local[place].base_url, prompt)
    if place < len(OFFERED):
        return named(OFFERED[place], prompt, address, plain=plain)
    return named(address or prompt.ask("address", None), prompt, plain=plain)


def named(relay: str, prompt: Prompt, address: str = "", *, plain: bool = False) -> RelayEntry:
    """From a profile's name, or the address of any OpenAI-style server.

    `address` is another one than the profile's; where that has none, it is asked for.
    `plain`: it may be unencrypted, which is asked otherwise.
    """
    profile, address = (relay, address) if relay in profile_names() else ("openai", relay)
    dialect = load_dialect(profile)
    address = address or dialect.base_url or prompt.ask("address", None, "--address")
    address = CALL.sub("", address)
    readable = travels_readable(address)
    allowed = readable and (plain or prompt.agree("plain_http", default=False))
    entry = RelayEntry(name="main", profile=profile, base_url=address, allow_plain_http=allowed)
    try:
        address = base_url(entry, dialect)
    except ConfigError as error:
        if not prompt.interactive:
            raise ConfigError(unusable(relay, error, readable=readable)) from error
        if not readable:
            prompt.say("wrong_address")
        return asked(prompt)
    return replace(entry, base_url="" if address == dialect.base_url else address)


def unusable(relay: str, error: ConfigError, *, readable: bool) -> str:
    """What is wrong with --relay or --address, and the option that helps."""
    reason = str(error).partition(": ")[2]
    known = relay in profile_names()
    if readable:
        return f"--relay: {reason.partition('. ')[0]}. Use https, or allow it: --allow-plain-http."
    if known or "/" in relay:
        return f"{'--address' if known else '--relay'}: {reason}"
    named = relay.rpartition("@")[2]
    return f'--relay: expected one of {", ".join(OFFERED)}, or "https://host"; got "{named}".'


def with_key(options: argparse.Namespace, prompt: Prompt, entry: RelayEntry) -> Answered:
    """A key that is named stays where it is; one that is typed is kept in a file later."""
    if options.key is None and not needs_key(entry):
        return Answered(entry=entry)
    key = given(options, prompt, options.key, "key", "--key")
    return Answered(entry=replace(entry, key=key.secret), source=key.source)


def needs_key(entry: RelayEntry) -> bool:
    """On this machine none is asked for; with --key one can be given all the same."""
    return not is_loopback(host_of(entry))


def host_of(entry: RelayEntry) -> str:
    return urlsplit(base_url(entry, load_dialect(entry.profile))).hostname or ""


def tried(prompt: Prompt, answered: Answered) -> Answered:
    """Ask the relay for its models; on failure let another key or a proxy be given."""
    prompt.say("trying", host=host_of(answered.entry))
    try:
        models = tuple(run_async(list_models(answered.entry)))
    except RelayUnsupported:
        prompt.say("no_list")
        return answered
    except RelayError as error:
        return tried_again(prompt, answered, error)
    prompt.say("works", count=len(models))
    return replace(answered, models=models)


def tried_again(prompt: Prompt, answered: Answered, error: RelayError) -> Answered:
    if not prompt.interactive:
        raise ConfigError(f"{error} (--no-try writes the configuration all the same.)") from error
    prompt.say(f"try_{error.code}" if error.code in TOLD else "try_failed", status=error.status)
    ways = ("way_key", "way_proxy", "way_again", "way_keep")
    if error.code == "relay_refused":
        ways = ("way_again", "way_proxy", "way_key", "way_keep")
    match ways[prompt.choose("what_now", [prompt.words(way) for way in ways])]:
        case "way_key":
            key = Secret(prompt.hidden("key", "--key"))
            entry = replace(answered.entry, key=key)
            return tried(prompt, replace(answered, entry=entry, source=""))
        case "way_proxy":
            return tried(prompt, replace(answered, entry=proxied(prompt, answered.entry)))
        case "way_again":
            return tried(prompt, answered)
        case _:
            return answered


def proxied(prompt: Prompt, entry: RelayEntry) -> RelayEntry:
    return replace(entry, proxy=asked_proxy(prompt) or entry.proxy)


def asked_proxy(prompt: Prompt) -> Secret:
    """An empty one for an answer that is no proxy's address."""
    try:
        proxy = address(prompt.ask("proxy", None), Path(), os.environ)
        check_proxy(proxy.reveal())
    except (Wrong, ConfigError):
        prompt.say("wrong_proxy")
        return Secret()
    return proxy
