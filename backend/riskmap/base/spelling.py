"""How a name is spelt in pinyin: its initials are what people type who know where they want to go.

A spelling is kept as one word whose syllables begin with a capital: 例湖小学 is LiHuXiaoXue, so that its
initials (LHXX) are its capitals. Letters and digits of the name stand for themselves, as capitals; all
else is left out.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

# Where the dictionary's first reading is not that of names of places and firms.
_OWN = {"都": "du", "曾": "zeng", "单": "dan", "圩": "wei", "大": "da", "石": "shi", "车": "che", "埠": "bu"}
_MOST_SPELT = 80  # syllables: what is longer is a sentence
_LONGEST_SYLLABLE = 6  # zhuang
_MOST_CUTS = 64
_MOST_INITIALS = 4


class _Readings:
    """Readings without tones: of single characters, and of words that are read otherwise than their characters."""

    def __init__(self) -> None:
        from pypinyin.constants import PHRASES_DICT, PINYIN_DICT
        from pypinyin.contrib.tone_convert import to_normal

        @lru_cache(None)
        def plain(reading: str) -> str:
            return str(to_normal(reading)).replace("ü", "v")

        self._of = {chr(point): plain(readings.split(",")[0]) for point, readings in PINYIN_DICT.items()} | _OWN
        self._words: dict[str, tuple[str, ...]] = {}
        longest: dict[str, int] = {}
        for word, readings in PHRASES_DICT.items():
            said = tuple(plain(reading[0]) for reading in readings)
            alone = tuple(self._of.get(letter) for letter in word)
            if len(said) != len(word) or said == alone or set(word) & set(_OWN):
                continue
            self._words[word] = said
            longest[word[0]] = max(longest.get(word[0], 0), len(word))
        self._longest = longest
        self.syllables = frozenset(s for s in self._of.values() if s.isascii() and s.isalpha())

    def of(self, name: str) -> Iterator[tuple[int, str]]:
        """Where each syllable's character stands in the name, and the syllable."""
        at, end = 0, len(name)
        while at < end:
            letter = name[at]
            for size in range(min(self._longest.get(letter, 0), end - at), 1, -1):
                said = self._words.get(name[at : at + size])
                if said is not None:
                    yield from enumerate(said, at)
                    at += size
                    break
            else:
                syllable = self._of.get(letter)
                if syllable is not None:
                    yield at, syllable
                elif letter.isascii() and letter.isalnum():
                    yield at, letter.lower()
                at += 1


@lru_cache(1)
def _readings() -> _Readings:
    return _Readings()


def syllables_of(name: str) -> list[tuple[int, str]]:
    """Each syllable with its character's place in the name; letters and digits are syllables of their own."""
    return list(_readings().of(name))[:_MOST_SPELT]


def spell(name: str) -> str:
    """The name's spelling as it is kept: LiHuXiaoXue."""
    return "".join(syllable.capitalize() for _, syllable in syllables_of(name))


def initials_of(typed: str) -> list[str]:
    """Which initials typed letters may stand for: themselves, and those of the syllables that they spell.

    lhxx → LHXX; lihuxiao → LIHUXIAO, LHX. The last syllable may be unfinished.
    """
    letters = typed.lower()
    if not re.fullmatch(r"[a-z0-9]{2,40}", letters):
        return []
    cuts = sorted((cut for cut in _cuts(letters) if 2 <= len(cut) < len(letters)), key=len)
    # xian is 西安 or 县, but hardly x-i-an: one syllable more than the least is what people mean.
    meant = [cut for cut in cuts if len(cut) <= len(cuts[0]) + 1]
    spelt = ("".join(part[0] for part in cut).upper() for cut in meant)
    return list(dict.fromkeys([letters.upper(), *spelt]))[:_MOST_INITIALS]


def _cuts(letters: str) -> list[tuple[str, ...]]:
    """Ways to read letters as syllables, longest syllables first; the last one may be a syllable's beginning."""
    known = _readings().syllables
    out: list[tuple[str, ...]] = []

    def go(at: int, said: tuple[str, ...]) -> None:
        if len(out) >= _MOST_CUTS:
            return
        if at == len(letters):
            out.append(said)
            return
        rest = letters[at:]
        if said and len(rest) < _LONGEST_SYLLABLE and rest not in known and any(s.startswith(rest) for s in known):
            out.append((*said, rest))
        for size in range(min(_LONGEST_SYLLABLE, len(rest)), 0, -1):
            if rest[:size] in known:
                go(at + size, (*said, rest[:size]))

    go(0, ())
    return out


def spelt_in(typed: str, name: str) -> tuple[int, int, str] | None:
    """Where typed letters are a name's initials or spelling: first character, behind the last, which of the two."""
    letters, syllables = typed.lower(), syllables_of(name)
    initials = "".join(said[0] for _, said in syllables)
    found = initials.find(letters)
    if found >= 0:
        return syllables[found][0], syllables[found + len(letters) - 1][0] + 1, "initials"
    for first in range(len(syllables)):
        rest = letters
        for at, said in syllables[first:]:
            if said.startswith(rest):
                return syllables[first][0], at + 1, "pinyin"
            if not rest.startswith(said):
                break
            rest = rest[len(said) :]
    return None
