"""`make mutants`: which mutants it knows, which it draws, and which survivors it accepts."""

import json
import tomllib

import pytest

from tests.mutants.accepted import FILE, read_accepted, split_accepted
from tests.mutants.packages import PACKAGES
from tests.mutants.sample import Mutant, choose, find_survivors, list_mutants
from tests.mutants.tree import LAYER, ROOT

WRITTEN = '''
def x_add__mutmut_orig(a, b):
    """Adds."""
    if a is None:
        raise ValueError("there is no a")
    return a + b

def x_add__mutmut_1(a, b):
    """Adds."""
    if a is None:
        raise ValueError("there is no a")
    return a - b

def x_add__mutmut_2(a, b):
    """Adds."""
    if a is None:
        raise ValueError("XXthere is no aXX")
    return a + b

def x_add__mutmut_3(a, b):
    """Adds."""
    if a is None:
        raise ValueError(None)
    return a + b

class Box:
    def xǁBoxǁopen__mutmut_orig(self):
        return self.key == "key"

    def xǁBoxǁopen__mutmut_1(self):
        return self.key == "XXkeyXX"
'''
ADD = "sluice.sums.x_add__mutmut_"
OPEN = "sluice.sums.xǁBoxǁopen__mutmut_1"


@pytest.fixture
def mutated(tmp_path):
    """A module as mutmut writes it, with the result of each mutant beside it."""
    path = tmp_path / "sluice" / "sums.py"
    path.parent.mkdir()
    path.write_text(WRITTEN)
    codes = {f"{ADD}1": 1, f"{ADD}2": 0, f"{ADD}3": 0, OPEN: 0}
    path.with_suffix(".py.meta").write_text(json.dumps({"exit_code_by_key": codes}))
    return tmp_path


def note(mutated, name, code):
    path = mutated / "sluice" / "sums.py.meta"
    codes = json.loads(path.read_text())["exit_code_by_key"]
    path.write_text(json.dumps({"exit_code_by_key": {**codes, name: code}}))


def test_a_mutant_is_shown_as_the_lines_that_it_changes_in_a_function(mutated):
    add, box = list_mutants(mutated)
    assert (add.function, add.change) == ("sluice.sums.add", ("- return a + b", "+ return a - b"))
    assert (box.function, box.name) == ("sluice.sums.Box.open", OPEN)


def test_a_changed_message_is_left_out_and_a_changed_word_is_not(mutated):
    assert [mutant.name for mutant in list_mutants(mutated)] == [f"{ADD}1", OPEN]


@pytest.mark.parametrize(("code", "survived"), [(0, True), (33, True), (1, False), (36, False), (-24, False)])
def test_a_mutant_survives_if_the_tests_pass_or_none_reaches_it(mutated, code, survived):
    note(mutated, OPEN, code)
    _, box = list_mutants(mutated)
    assert find_survivors(mutated, [box]) == ([box] if survived else [])


def test_a_mutant_that_was_not_tried_counts_as_nothing(mutated):
    note(mutated, OPEN, None)
    with pytest.raises(LookupError, match="not tried"):
        find_survivors(mutated, list_mutants(mutated))


def test_a_seed_always_draws_the_same_sample_and_another_seed_another_one():
    mutants = [Mutant(f"m{n}", ()) for n in range(1000)]
    assert choose(mutants, 20, 7) == choose(mutants, 20, 7)
    assert choose(mutants, 20, 7) != choose(mutants, 20, 8)
    assert len(set(choose(mutants, 20, 7))) == 20


def test_of_fewer_mutants_than_the_sample_all_are_drawn():
    assert len(choose([Mutant("a", ()), Mutant("b", ())], 20, 1)) == 2


def test_a_survivor_is_accepted_by_its_function_and_change_whatever_its_number_is(tmp_path):
    file = tmp_path / "accepted.toml"
    file.write_text('[[mutant]]\nfunction = "sluice.a.f"\nchange = ["- x", "+ y"]\nwhy = "the same"\n')
    known = Mutant("sluice.a.x_f__mutmut_31", ("- x", "+ y"))
    other = Mutant("sluice.a.x_f__mutmut_32", ("- x", "+ z"))
    assert split_accepted([known, other], read_accepted(file)) == ([known], [other])


def test_every_accepted_survivor_has_a_reason_and_a_function_that_exists():
    entries = tomllib.loads(FILE.read_text())["mutant"]
    assert entries
    for entry in entries:
        assert len(entry["why"]) > 20, entry
        assert entry["change"], entry
        module = "/".join(entry["function"].split(".")[1:])
        paths = [ROOT / LAYER / f"{module.rsplit('/', n)[0]}.py" for n in (1, 2)]
        [path] = [path for path in paths if path.exists()]
        assert f"def {entry['function'].rpartition('.')[2]}(" in path.read_text(), entry["function"]


@pytest.mark.parametrize("package", PACKAGES.values(), ids=PACKAGES)
def test_sources_and_tests_of_a_package_exist(package):
    assert all(list((ROOT / LAYER).glob(source)) for source in package.sources)
    assert all((ROOT / "tests" / path).exists() for path in package.tests)
