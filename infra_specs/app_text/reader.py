"""Text of an app as it comes in: without secrets, and each line fit to be shown.

A line is cut only after its secrets are found, for half a value passes any redaction. A line of megabytes would take
seconds to search, so only its beginning is, and as much behind it as a value may be long.
"""

from collections.abc import Callable

from infra_specs.app_text.shown import LINE_BYTES, lines_of, shown_line
from infra_specs.redaction import Redaction, Stream
from infra_specs.secret_values import LONGEST

_LONGEST_FORM = 6 * LONGEST
"""Characters of a value in the longest form that a program writes: `\\u0041` for a letter."""
SEARCHED = LINE_BYTES + _LONGEST_FORM
"""Characters of one line in which secrets are looked for."""


class AppText:
    """One text that grows. `current` gives the redaction of the moment: secrets may be learnt meanwhile."""

    def __init__(self, current: Callable[[], Redaction]) -> None:
        self._stream = Stream(current)

    def take(self, text: str) -> list[str]:
        """The lines that can be shown now. A line that may begin a secret waits for that secret's end."""
        shown, done, begin = list[str](), 0, 0
        while begin < len(text):
            end = text.find("\n", begin)
            end = len(text) if end < 0 else end
            if end - begin > SEARCHED:
                shown += self._cut(text[done:begin], text[begin:end])
                done = end + 1
            begin = end + 1
        return [*shown, *map(shown_line, lines_of(self._stream.take(text[done:])))]

    def end(self) -> list[str]:
        """The lines that were held back; nothing more comes."""
        return list(map(shown_line, lines_of(self._stream.end())))

    def _cut(self, before: str, line: str) -> list[str]:
        """The lines before a long one, and its beginning: no value in it reaches beyond what is searched."""
        text = self._stream.take(before + line[:SEARCHED]) + self._stream.end()
        *others, last = lines_of(text) or [""]
        # The end may be half a value, and comes close to the beginning where long values became short names.
        whole = last[: max(0, len(last) - _LONGEST_FORM)]
        cut = last[len(whole) :] + line[SEARCHED:]
        return [*map(shown_line, others), shown_line(whole, len(cut.encode(errors="replace")))]


def app_lines(text: str, redaction: Redaction) -> list[str]:
    """The lines of a whole text of an app."""
    reader = AppText(lambda: redaction)
    return [*reader.take(text), *reader.end()]
