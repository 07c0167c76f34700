"""One notebook with everything, as the scripts that it holds.

Each part gets the definitions that its names need, and the imports that those use; all other
statements are left out. Runs in the process of parse_worker.py, which reads hostile code.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Mapping, Sequence

from assignment.sources import parsed
from assignment.statements import Edit, changed_by, edited, statements


def parts_of(source: str, wanted: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The source of each script of which the notebook defines something.

    `wanted` lists the names that each script's sections ask for. Raises SyntaxError.
    """
    tree = parsed(source)
    cells = _Cells(tree, source)
    own = {  # names that no other script asks for
        script: [name for name in names if sum(name in other for other in wanted.values()) == 1]
        for script, names in wanted.items()
    }
    keys = {script: cells.last(names) for script, names in own.items()}
    there = {script: key for script, key in keys.items() if key >= 0}
    closures = {script: cells.names_for(wanted[script]) for script in there}
    found = {}
    for script, key in there.items():
        rivals = sorted(there[other] for other in there)
        users = {
            name: [
                at for at in rivals if any(there[o] == at and name in closures[o] for o in there)
            ]
            for name in closures[script]
        }
        kept = cells.chosen(wanted[script], key, users)
        rest = [Edit(node) for at, node in enumerate(tree.body) if at not in kept]
        found[script] = edited(source, rest)
    return found


class _Cells:
    """The statements at the top of the notebook's code, by number, and what each binds and uses."""

    def __init__(self, tree: ast.Module, source: str):
        numbers = {id(node): at for at, node in enumerate(tree.body)}
        self.defines: dict[str, list[int]] = defaultdict(list)
        self.changes: dict[str, list[int]] = defaultdict(list)
        self.uses: dict[int, set[str]] = defaultdict(set)
        self.always = {at for at, node in enumerate(tree.body) if _is_future(node)}
        for one in statements(tree, source):
            at = numbers[id((*one.parents, one.node)[0])]
            changed = changed_by(one.node)
            self.uses[at] |= one.uses
            for name in one.binds:
                numbered = self.changes if name in changed else self.defines
                if at not in numbered[name]:
                    numbered[name].append(at)

    def last(self, names: Sequence[str]) -> int:
        """The last statement that defines one of the names, the last of the names first; or -1."""
        found = [self.defines[name][-1] for name in reversed(names) if self.defines.get(name)]
        return found[0] if found else -1

    def names_for(self, names: Sequence[str]) -> set[str]:
        """The names, and all that their definitions use."""
        waiting, found = list(names), set(names)
        while waiting:
            name = waiting.pop()
            for at in [*self.defines.get(name, ()), *self.changes.get(name, ())]:
                waiting += self.uses[at] - found
                found |= self.uses[at]
        return found

    def chosen(self, names: Sequence[str], key: int, users: Mapping[str, list[int]]) -> set[int]:
        """The statements that a part needs, whose class is at `key`."""
        waiting, seen, kept = list(names), set(names), set(self.always)
        while waiting:
            name = waiting.pop()
            defined = self._definition(name, key, users.get(name, []))
            new = {*defined, *self.changes.get(name, ())} - kept
            kept |= new
            for at in new:
                waiting += self.uses[at] - seen
                seen |= self.uses[at]
        return kept

    def _definition(self, name: str, key: int, users: list[int]) -> list[int]:
        """The definition of a name that counts for a part, with earlier ones that it builds on.

        Several parts may define one name, each for itself: EPOCHS, JUDGEMENT.
        """
        places = self.defines.get(name, [])
        if not places:
            return []
        if len(users) < 2:
            at = len(places) - 1
        elif len(places) == len(users):
            at = users.index(key)
        else:
            before = [number for number, place in enumerate(places) if place <= key]
            at = before[-1] if before else 0
        first = at
        while first and name in self.uses[places[first]]:
            first -= 1
        return places[first : at + 1]


def _is_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and (
        node.module == "__future__" or any(alias.name == "*" for alias in node.names)
    )
