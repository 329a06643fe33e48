"""Which values of a Compose file are secrets, by the variable's name or by the value itself, and how they are shown."""

import re

MASK = "***"
_LONG = re.compile(r"PASSWORD|PASSWD|PASSPHRASE|SECRET|CREDENTIAL|TOKEN|PRIVATE|API_?KEY|ACCESS_?KEY")
_WORDS = {
    "PASS",
    "PWD",
    "AUTH",
    "SALT",
    "JWT",
    "KEY",
    "KEYS",
    "CERT",
    "DSN",
    "PIN",
    "REQUIREPASS",
    "MASTERAUTH",
    "DBPASS",
    "USERPASS",
    "ROOTPASS",
}
_NEVER = re.compile(
    r"(^|_)(FILE|PATH|DIR|TTL|EXPIR\w*|LIFETIME|TIMEOUT|AGE|LENGTH|SIZE|ROUNDS|SECONDS|MINUTES|HOURS|DAYS|URL|URI|HOST|"
    r"PORT|TYPE|MODE|METHOD|ALG|ALGORITHM|HEADER|ISSUER|AUDIENCE|ENABLED|DISABLED)$|(^|_)(PUBLIC|PUBLISHABLE)(_|$)"
)
"""Names of settings around a secret: where its file is, how long a token lasts, the half that everybody may have."""
_PLAIN = re.compile(r"(?i)true|false|yes|no|on|off|none|null|")
_SHORT_NUMBER = re.compile(r"\d{1,5}(\.\d+)?")
_LOGIN = re.compile(r"(://[^\s/:@]*):[^\s@]+@|(https?://)[^\s/:@]+@")
_PAIR = re.compile(
    r"(?i)((?:^|[\s?&;,-])[\w.-]*(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|credential)[\w]*)[=:]"
    r"(?!\s|$|//)(\"[^\"]*\"|'[^']*'|[^\s&;,]+)"
)
_KNOWN = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|"
    r"\b(?:[sr]k_live_|ghp_|github_pat_|glpat-|xox[abp]-|AKIA[0-9A-Z]{12}|eyJ[\w-]{10,}\.eyJ)"
)
"""How keys of well-known makers begin."""


def is_secret_name(name: str) -> bool:
    """Whether a variable of this name usually holds a secret: `DB_PASS`, `jwtSalt`; not `SECRET_FILE`, `PUBLIC_KEY`."""
    words = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).upper().replace("-", "_").replace(".", "_")
    if _NEVER.search(words):
        return False
    return bool(_LONG.search(words)) or not _WORDS.isdisjoint(words.split("_"))


def is_secret_value(text: str) -> bool:
    """Whether a value holds a secret, whatever its name: an address with a login, `password=x`, a key."""
    return bool(_LOGIN.search(text) or _PAIR.search(text) or _KNOWN.search(text))


def is_secret(name: str, text: str) -> bool:
    """Whether the value of this variable is a secret. A switch and a short number are none, but for a password."""
    if is_secret_value(text):
        return True
    if not is_secret_name(name) or _PLAIN.fullmatch(text):
        return False
    return not _SHORT_NUMBER.fullmatch(text) or bool(re.search(r"(?i)pass|pwd|secret|pin", name))


def masked(text: str) -> str:
    """The text, with `***` in place of each login and each `password=x` in it."""
    text = _LOGIN.sub(lambda match: f"{match[1]}:{MASK}@" if match[1] else f"{match[2]}{MASK}@", text)
    text = _PAIR.sub(rf"\1={MASK}", text)
    return MASK if _KNOWN.search(text) else text


def masked_words(words: list[str]) -> list[str]:
    """The words of a command, with `***` in place of each secret: in a word, and after `--password` and its like."""
    shown: list[str] = []
    for number, word in enumerate(words):
        before = words[number - 1] if number else ""
        name, equals, text = word.partition("=")
        if re.fullmatch(r"--?[\w-]+", before) and is_secret(before, word) and not word.startswith("-"):
            shown.append(masked(word) if is_secret_value(word) else MASK)
        elif equals and re.fullmatch(r"[\w-]+", name) and is_secret(name, text):
            shown.append(f"{name}={masked(text) if is_secret_value(text) else MASK}")
        else:
            shown.append(masked(word))
    return shown
