"""Bytecode of what is deployed: it is used on a read-only disk, whatever the times of files."""

import importlib.util
import os
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest

from benchmarks.layer import PINNED
from cli.bytecode import MOST_BYTES, RUNTIME, BuildError, compile_build, main, measure_largest
from tests.template.expand import TEMPLATE

PROJECT = TEMPLATE.parent
UNCHECKED = 1  # PEP 552: the flags of a .pyc that is valid whatever its source is


@pytest.fixture
def build(tmp_path):
    """A build of one layer and two functions, as `sam build` lays it out."""
    for path, text in {
        "template.yaml": "Resources: {}\n",
        "CommonLayer/python/vendor/__init__.py": "from vendor.deep import VALUE\n",
        "CommonLayer/python/vendor/deep.py": "VALUE = 1\n\ndef fail():\n    raise ValueError\n",
        "IngestFunction/app.py": "import vendor\n",
        "RouterFunction/app.py": "import vendor\n",
    }.items():
        file = tmp_path / "build" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path / "build"


def find_bytecode(source: Path) -> Path:
    return Path(importlib.util.cache_from_source(str(source)))


def test_every_module_of_a_build_has_bytecode_that_is_valid_without_its_source(build):
    compile_build(build, workers=1)
    sources = sorted(build.rglob("*.py"))
    assert len(sources) == 4
    flags = [int.from_bytes(find_bytecode(source).read_bytes()[4:8], "little") for source in sources]
    assert flags == [UNCHECKED] * 4


def test_bytecode_is_used_although_the_upload_changed_the_times_of_files(build):
    compile_build(build, workers=1)
    unpacked = build.parent / "opt"
    shutil.copytree(build / "CommonLayer", unpacked)
    for source in unpacked.rglob("*.py"):
        os.utime(source, (0, 0))
        source.write_text("raise SystemExit('this was compiled again')\n")
    code = [sys.executable, "-S", "-B", "-c", "import vendor; print(vendor.VALUE)"]
    run = subprocess.run(
        code, env={"PYTHONPATH": str(unpacked / "python")}, capture_output=True, text=True, check=False
    )
    assert (run.stdout, run.stderr) == ("1\n", "")


def test_the_same_sources_give_the_same_bytes_in_another_folder(build, tmp_path):
    other = tmp_path / "elsewhere" / "build"
    shutil.copytree(build, other)
    compile_build(build, workers=1)
    compile_build(other, workers=1)
    compiled = sorted(path.relative_to(build) for path in build.rglob("*.pyc"))
    assert compiled
    assert [(build / path).read_bytes() for path in compiled] == [
        (other / path).read_bytes() for path in compiled
    ]


def test_tracebacks_name_the_paths_of_lambda(build):
    compile_build(build, workers=1)
    layer = find_bytecode(build / "CommonLayer/python/vendor/deep.py").read_bytes()
    function = find_bytecode(build / "IngestFunction/app.py").read_bytes()
    assert b"/opt/python/vendor/deep.py" in layer
    assert b"/var/task/app.py" in function


def test_a_change_of_a_source_is_compiled_by_the_next_build(build):
    compile_build(build, workers=1)
    source = build / "CommonLayer/python/vendor/deep.py"
    before = find_bytecode(source).read_bytes()
    source.write_text("VALUE = 2\n")
    compile_build(build, workers=1)
    assert find_bytecode(source).read_bytes() != before


def test_another_python_than_lambdas_is_refused(build):
    with pytest.raises(BuildError, match=r"runs on Python 3\.12, but Lambda on 3\.13"):
        compile_build(build, version=(3, 12), workers=1)
    assert not list(build.rglob("*.pyc"))


def test_make_compiles_what_sam_built():
    run = ["make", "--dry-run", "build"]
    lines = subprocess.run(run, cwd=PROJECT, capture_output=True, text=True, check=True).stdout.splitlines()
    [built] = [n for n, line in enumerate(lines) if "-m cli.sam_build" in line]
    [compiled] = [n for n, line in enumerate(lines) if line.endswith("-m cli.bytecode .aws-sam/build")]
    assert built < compiled


def test_the_python_of_the_template_is_the_one_that_compiles():
    major, minor = RUNTIME
    assert f"Runtime: python{major}.{minor}" in TEMPLATE.read_text()
    assert sys.version_info[:2] == RUNTIME


def test_a_file_that_is_not_python_ends_the_build(build, capfd):
    (build / "IngestFunction/app.py").write_text("def handler(:\n")
    with pytest.raises(BuildError, match="IngestFunction has a file that is not valid Python"):
        compile_build(build, workers=1)


def test_the_command_says_in_one_line_what_is_wrong(tmp_path):
    with pytest.raises(SystemExit, match=r"^error: .*nothing has no build: run `make build`$"):
        main([str(tmp_path / "nothing")])


def test_a_folder_without_a_build_is_refused(tmp_path):
    with pytest.raises(BuildError, match="run `make build`"):
        compile_build(tmp_path / "missing", workers=1)


def test_a_build_over_lambdas_limit_is_refused(build):
    with (build / "RouterFunction/model.bin").open("wb") as file:
        file.truncate(MOST_BYTES)
    with pytest.raises(BuildError, match="Lambda takes 262,144,000"):
        compile_build(build, workers=1)


def test_the_largest_function_counts_with_all_layers(tmp_path):
    for path, size in {"A/app.py": 10, "B/app.py": 20, "L/python/x.py": 5, "M/python/y.py": 7}.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True)
        file.write_bytes(b"#" * size)
    assert measure_largest(sorted(tmp_path.iterdir())) == 20 + 5 + 7


def test_the_layer_with_its_bytecode_stays_far_below_lambdas_limit():
    """By this environment's packages, which have the layer's versions and bytecode of their own."""
    pinned = PINNED.findall((PROJECT / "layers/common/requirements.txt").read_text())
    assert len(pinned) > 10
    size = sum(path.stat().st_size for path in (PROJECT / "layers/common/sluice").rglob("*.py")) * 3
    for name, _ in pinned:
        for file in distribution(name).files or ():
            path = Path(str(file.locate()))
            size += path.stat().st_size if path.is_file() else 0
            compiled = find_bytecode(path) if path.suffix == ".py" else path
            size += compiled.stat().st_size if path.suffix == ".py" and compiled.is_file() else 0
    assert 50e6 < size < 0.6 * MOST_BYTES
