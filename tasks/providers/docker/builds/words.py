"""The words of a Dockerfile's line, and the variables in them, as BuildKit reads both."""

import re
from collections.abc import Iterator, Mapping

_NAME = re.compile(r"[^\W\d]\w*|\d+|[@*#?!$-]")
_BACKSLASH = "\\"


class UnreadableWord(Exception):
    """No builder can read it, or only one that knows more than we do: it says so itself."""


def split(text: str, escape: str) -> list[str]:
    """The words of a text, quotes and escapes kept. A quote that is never closed goes on to the end."""
    words, word, quote = list[str](), "", ""
    letters = iter(text)
    for letter in letters:
        if letter == escape and quote != "'":
            word += letter + next(letters, "")
        elif letter.isspace() and not quote:
            words += [word] if word else []
            word = ""
        else:
            if letter in "'\"" and quote in ("", letter):
                quote = "" if quote else letter
            word += letter
    return [*words, word] if word else words


def expanded(word: str, values: Mapping[str, str], escape: str) -> str:
    """A word without its quotes and escapes, each variable in it replaced by its value; one that is unset is empty.

    Raises UnreadableWord.
    """
    return _Reader(word, values, escape).text()


class _Reader:
    """Reads one word from left to right."""

    def __init__(self, word: str, values: Mapping[str, str], escape: str) -> None:
        self._word, self._values, self._escape, self._at = word, values, escape, 0

    def text(self, end: str = "", *, keeps_escapes: bool = False) -> str:
        """Up to `end`, which is taken, too."""
        return "".join(self._pieces(end, keeps_escapes))

    def _pieces(self, end: str, keeps_escapes: bool) -> Iterator[str]:
        while letter := self._next():
            if letter == end:
                return
            if letter == "'":
                yield self._single_quoted()
            elif letter == '"':
                yield self._double_quoted()
            elif letter == "$":
                yield self._variable()
            elif letter == self._escape:
                yield (letter if keeps_escapes else "") + self._next()
            else:
                yield letter
        if end:
            raise UnreadableWord(f"{end} is missing in {self._word}")

    def _single_quoted(self) -> str:
        closing = self._word.find("'", self._at)
        if closing < 0:
            raise UnreadableWord(f"a quote is never closed in {self._word}")
        text, self._at = self._word[self._at : closing], closing + 1
        return text

    def _double_quoted(self) -> str:
        text = ""
        while letter := self._next():
            if letter == '"':
                return text
            if letter == self._escape and self._peek() in ('"', "$", self._escape):
                letter = self._next()
                text += letter
            else:
                text += self._variable() if letter == "$" else letter
        raise UnreadableWord(f"a quote is never closed in {self._word}")

    def _variable(self) -> str:
        """The value of what follows a dollar sign."""
        if self._peek() != "{":
            name = self._name()
            return self._values.get(name, "") if name else "$"
        self._next()
        name, sign = self._name(), self._next()
        if not name or not sign:
            raise UnreadableWord(f"bad substitution in {self._word}")
        value = self._values.get(name)
        if sign == "}":
            return value or ""
        if sign == "/":
            return self._replaced(value or "")
        if sign == ":":
            value, sign = value or None, self._next()
        return self._modified(value, sign)

    def _modified(self, value: str | None, sign: str) -> str:
        if sign not in "-+?#%" or not sign:
            raise UnreadableWord(f"bad substitution in {self._word}")
        word = self.text("}", keeps_escapes=sign in "#%")
        if sign == "-":
            return word if value is None else value
        if sign == "+":
            return "" if value is None else word
        if sign in "#%":
            return _trimmed(value or "", word, sign)
        if value is None:
            raise UnreadableWord(word or f"a variable is unset in {self._word}")
        return value

    def _replaced(self, value: str) -> str:
        every = self._peek() == "/"
        if every:
            self._next()
        pattern = _pattern(self.text("/", keeps_escapes=True), greedy=True)
        replacement = self.text("}", keeps_escapes=True)
        return re.sub(pattern, lambda _: replacement, value, count=0 if every else 1)

    def _name(self) -> str:
        match = _NAME.match(self._word, self._at)
        self._at = match.end() if match else self._at
        return match[0] if match else ""

    def _peek(self) -> str:
        return self._word[self._at : self._at + 1]

    def _next(self) -> str:
        letter = self._peek()
        self._at += 1
        return letter


def _trimmed(value: str, pattern: str, sign: str) -> str:
    """Without the shortest beginning (#) or end (%) that fits, or the longest if the sign is there twice."""
    greedy = pattern.startswith(sign)
    fits = re.compile(_pattern(pattern.removeprefix(sign), greedy=greedy), re.DOTALL)
    if sign == "#":
        match = fits.match(value)
        return value[match.end() :] if match else value
    starts = range(len(value) + 1) if greedy else range(len(value), -1, -1)
    start = next((start for start in starts if fits.fullmatch(value, start)), len(value))
    return value[:start]


def _pattern(pattern: str, *, greedy: bool) -> str:
    """A shell's pattern of `*` and `?` as a regular expression."""
    made, letters = "", iter(pattern)
    for letter in letters:
        if letter == _BACKSLASH:
            made += re.escape(next(letters, ""))
        else:
            made += {"*": ".*" if greedy else ".*?", "?": "."}.get(letter) or re.escape(letter)
    return made
