"""spaCy's rule-based tokenizer in plain Python: the same tokens, without spaCy in the process.

It makes the two passes that `pretokens` describes, as spaCy's `tokenizer.pyx` does them. A pretoken
here is a run of characters without white space.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain

from gru_sentiment.data.rules import LINE_BREAK, UNBROKEN, Pattern, Rules

Tokens = tuple[str, ...]
RUNS = re.compile(r"(\S+)( ?)|\s+")
"""spaCy splits a text into pretokens and runs of white space. The blank after a pretoken belongs to
neither."""
NOTHING = re.compile(r"(?!)")
"""Is never found."""
GENERATION = 100_000
"""Runs whose tokens are remembered before a new generation begins. The generation before it is
kept, older ones are forgotten."""
LONGEST = 64
"""Most characters of a run that is remembered."""
MARK = ""
"""Stands before the tokens of a pretoken that the second pass may change. No token is empty."""


class RuleTokenizer:
    """Gives the tokens that `tokenizer.Tokenizer` gives. Several threads may use it at once.

    Args:
        rules: those of a language.
        lowercase: whether the tokens are lower-cased, after all rules.
    """

    def __init__(self, rules: Rules, lowercase: bool = True) -> None:
        self._lowercase = lowercase
        self._first_pass = FirstPass(rules)
        self._second_pass = SecondPass(rules)
        self._recent = _Generation(self._marked, {})

    def __call__(self, text: str) -> list[str]:
        """The tokens of a text, without HTML line breaks and white space; long runs are cut."""
        recent = self._recent
        if len(recent) >= GENERATION:
            self._recent, recent.older = _Generation(self._marked, recent), {}
            recent = self._recent
        text = LINE_BREAK.sub(" ", text)
        tokens = list(chain.from_iterable(map(recent.__getitem__, text.split())))
        if MARK in tokens:
            tokens = self._whole(UNBROKEN.sub(r"\g<0> ", text), recent)
        # lower-casing comes last, because the rules look at capitals, as in "Mr." and "U.S."
        return [token.lower() for token in tokens] if self._lowercase else tokens

    def tokens_of_run(self, run: str) -> Tokens | None:
        """The tokens of a run whatever stands beside it; None where that matters, or it is long."""
        tokens = self._marked(run) if len(run) <= LONGEST else (MARK,)
        if tokens[0] == MARK:
            return None
        return tuple(map(str.lower, tokens)) if self._lowercase else tokens

    def _marked(self, run: str) -> Tokens:
        """The tokens of a run by the first pass, marked where the second one may change them."""
        tokens = self._first_pass(run)
        return (MARK, *tokens) if self._second_pass.may_change(tokens) else tokens

    def _whole(self, text: str, recent: _Generation) -> list[str]:
        """The tokens of a text by both passes, without white space."""
        tokens: list[str] = []
        blanks: list[str] = []
        for match in RUNS.finditer(text):
            run = match[1] or match[0]
            of_run = recent[run] if len(run) <= LONGEST else self._first_pass(run)
            of_run = of_run[1:] if of_run[0] == MARK else of_run
            tokens += of_run
            blanks += [""] * len(of_run)
            blanks[-1] = match[2] or ""
        return [token for token in self._second_pass(tokens, blanks) if not token.isspace()]


class _Generation(dict[str, Tokens]):
    """The tokens of runs, found when they are asked for.

    Two threads may find the same run at once; they find the same.

    Args:
        marked: finds them.
        older: the generation before this one.
    """

    def __init__(self, marked: Callable[[str], Tokens], older: dict[str, Tokens]) -> None:
        super().__init__()
        self._marked = marked
        self.older = older

    def __missing__(self, run: str) -> Tokens:
        """The tokens of a run that is new to this generation; a long one has the mark alone."""
        if len(run) > LONGEST:
            return (MARK,)
        self[run] = tokens = self.older.get(run) or self._marked(run)
        return tokens


class FirstPass:
    """Splits a run of characters that all are white space, or none of them.

    Args:
        rules: those of a language.
        exceptions: the strings that have tokens of their own; None is those of the language.
    """

    def __init__(self, rules: Rules, exceptions: Mapping[str, Tokens] | None = None) -> None:
        patterns = rules.patterns
        self._exceptions = rules.exceptions if exceptions is None else exceptions
        self._prefix = _compiled(patterns.prefix).search
        self._suffix = _compiled(patterns.suffix).search
        self._infixes = _compiled(patterns.infix).finditer
        self._token_match = _compiled(patterns.token_match).match
        self._url_match = _compiled(patterns.url_match).match
        self._cores: dict[str, Tokens] = {}

    def __call__(self, run: str) -> Tokens:
        """The tokens of a run, one at least."""
        prefixes: list[str] = []
        suffixes: list[str] = []
        rest = self._without_affixes(run, prefixes, suffixes)
        inner = self._cores.get(rest)
        if inner is None:
            if len(self._cores) >= GENERATION:
                self._cores.clear()
            inner = tuple(self._inner(rest))
            if len(rest) <= LONGEST:
                self._cores[rest] = inner
        return (*prefixes, *inner, *reversed(suffixes))

    def finds_affix(self, string: str) -> bool:
        """Whether a prefix, a suffix or an infix is found in an exception, and not an empty one."""
        return (
            _length(self._prefix(string)) > 0
            or _length(self._suffix(string)) > 0
            or any(True for _ in self._infixes(string))
        )

    def _without_affixes(self, string: str, prefixes: list[str], suffixes: list[str]) -> str:
        """What remains of a run; what is taken off it is added to the lists, the outermost first.

        The length of what is found counts, and not its place, which is the end in question as long
        as the patterns are anchored there.
        """
        exceptions, cores = self._exceptions, self._cores
        length = 0
        while string and len(string) != length:
            # what remained of another run is not looked through again
            if string in cores or string in exceptions or self._token_match(string):
                break
            length = len(string)
            n_prefix = _length(self._prefix(string))
            if n_prefix and string[n_prefix:] in exceptions:
                prefixes.append(string[:n_prefix])
                return string[n_prefix:]
            n_suffix = _length(self._suffix(string[n_prefix:]))
            if n_suffix and string[:-n_suffix] in exceptions:
                suffixes.append(string[-n_suffix:])
                return string[:-n_suffix]
            if n_prefix:
                prefixes.append(string[:n_prefix])
            if n_suffix:
                suffixes.append(string[-n_suffix:])
            string = string[n_prefix : length - n_suffix]
        return string

    def _inner(self, string: str) -> Sequence[str]:
        """The tokens of what remains when nothing can be taken off any more."""
        if string in self._exceptions:
            return self._exceptions[string]
        if self._token_match(string) or self._url_match(string):
            return (string,) if string else ()
        tokens, start = [], 0
        for match in self._infixes(string):
            if match.start() > 0:
                tokens += [string[start : match.start()], match[0]]
                start = match.end()
        tokens.append(string[start:])
        return [token for token in tokens if token]


class SecondPass:
    """Joins the tokens of exceptions that the first pass has split, or splits them otherwise.

    spaCy searches for the tokens of an exception as its patterns alone split it. That they stand
    beside each other is enough to be found. Then the text from the first to the last of them must
    be an exception, with the blanks between them.

    Args:
        rules: those of a language.
    """

    def __init__(self, rules: Rules) -> None:
        self._exceptions = rules.exceptions
        plain = FirstPass(rules, exceptions={})
        self._sequences = {
            tuple(chain.from_iterable(plain(match[1] or match[0]) for match in RUNS.finditer(each)))
            for each in rules.exceptions
            if " " in each or plain.finds_affix(each)
        }
        self._lengths: dict[str, set[int]] = defaultdict(set)
        for sequence in self._sequences:
            self._lengths[sequence[0]].add(len(sequence))
        self._within, self._across = self._changing()
        self._first_tokens = frozenset(self._within).union(self._across)

    def may_change(self, tokens: Tokens) -> bool:
        """Whether the tokens of a pretoken may change, whatever text it stands in.

        They may if all tokens of an exception are among them, or if the first tokens of an
        exception with white space in it are the last of these. The second pass leaves a text alone
        that has no such pretoken.
        """
        if self._first_tokens.isdisjoint(tokens):
            return False
        return any(
            tokens[i : i + len(sequence)] == sequence
            for i, token in enumerate(tokens)
            for sequence in self._within.get(token, ())
        ) or any(
            tokens[i:] == sequence[: len(tokens) - i]
            for i, token in enumerate(tokens)
            for sequence in self._across.get(token, ())
        )

    def __call__(self, tokens: list[str], blanks: list[str]) -> Iterator[str]:
        """The tokens of a text after this pass.

        Args:
            tokens: those of the first pass, white space too.
            blanks: what stands between each and the next, a blank or nothing.
        """
        ends = self._longest(self._found(tokens))
        start = 0
        while start < len(tokens):
            end = ends.get(start)
            if end is None:
                yield tokens[start]
                start += 1
                continue
            text = "".join(map(str.__add__, tokens[start:end], [*blanks[start : end - 1], ""]))
            yield from self._exceptions.get(text, tokens[start:end])
            start = end

    def _changing(self) -> tuple[dict[str, set[Tokens]], dict[str, set[Tokens]]]:
        """The sequences that may become other tokens than they are, by the first token.

        White space is left out of them, as it is of pretokens. The second dictionary holds those
        that may become an exception with white space in it.
        """
        spelled = defaultdict(list)
        for exception in self._exceptions:
            spelled[exception.replace(" ", "")].append(exception)
        within, across = defaultdict(set), defaultdict(set)
        for sequence in self._sequences:
            visible = _visible(sequence)
            for exception in spelled["".join(sequence).replace(" ", "")]:
                if visible != _visible(self._exceptions[exception]):
                    within[visible[0]].add(visible)
                    if len(exception.split()) > 1:
                        across[visible[0]].add(visible)
        return dict(within), dict(across)

    def _found(self, tokens: list[str]) -> Iterator[tuple[int, int]]:
        """The start and the end of every sequence in the tokens of a text."""
        for start, token in enumerate(tokens):
            for length in self._lengths.get(token, ()):
                end = start + length
                if end <= len(tokens) and tuple(tokens[start:end]) in self._sequences:
                    yield start, end

    @staticmethod
    def _longest(found: Iterator[tuple[int, int]]) -> dict[int, int]:
        """The longest of the spans that overlap, and of equally long ones the first: start to end.

        A span that is left out still rules out the shorter ones that it overlaps.
        """
        ends: dict[int, int] = {}
        seen: set[int] = set()
        for start, end in sorted(found, key=lambda span: (span[0] - span[1], span[0])):
            if start not in seen and end - 1 not in seen:
                ends[start] = end
            seen.update(range(start, end))
        return ends


def _visible(tokens: Tokens) -> Tokens:
    return tuple(token for token in tokens if not token.isspace())


def _compiled(pattern: Pattern | None) -> re.Pattern[str]:
    return pattern.compiled() if pattern else NOTHING


def _length(match: re.Match[str] | None) -> int:
    return match.end() - match.start() if match else 0
