"""The build is for the architecture that is deployed, and nothing else is deployed from it."""

from pathlib import Path

import pytest

from cli.sam_build import WrongBuild, check_layer, choose_architecture, pin_architecture
from cli.samconfig import InvalidSamConfig
from tests.template.expand import TEMPLATE

ARM64, X86_64, RISCV = 183, 62, 243


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "template.yaml").write_text(TEMPLATE.read_text())
    return tmp_path


def write_samconfig(project: Path, overrides: str) -> None:
    text = f'[default.global.parameters]\nstack_name = "mine"\n{overrides}'
    (project / "samconfig.toml").write_text(text)


def write_library(layer: Path, machine: int, name: str = "orjson.so") -> None:
    layer.mkdir(exist_ok=True)
    header = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9) + (3).to_bytes(2, "little")
    (layer / name).write_bytes(header + machine.to_bytes(2, "little") + bytes(40))


def write_wheel(layer: Path, *tags: str) -> None:
    folder = layer / "orjson-3.11.0.dist-info"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "WHEEL").write_text("Wheel-Version: 1.0\n" + "".join(f"Tag: {tag}\n" for tag in tags))


def test_without_settings_the_templates_default_is_built(project: Path) -> None:
    assert choose_architecture(project, []) == "arm64"


def test_the_value_of_samconfig_is_built(project: Path) -> None:
    write_samconfig(project, '[default.deploy.parameters]\nparameter_overrides = "Architecture=x86_64"\n')
    assert choose_architecture(project, ["--guided"]) == "x86_64"
    assert choose_architecture(project, ["--config-env", "other"]) == "arm64"


def test_an_argument_wins_over_samconfig(project: Path) -> None:
    write_samconfig(project, '[default.deploy.parameters]\nparameter_overrides = "Architecture=x86_64"\n')
    assert (
        choose_architecture(project, ["--parameter-overrides", "MaxDepth=9", "Architecture=arm64"]) == "arm64"
    )
    assert choose_architecture(project, ["--parameter-overrides", "MaxDepth=9"]) == "arm64"


def test_an_unknown_architecture_is_refused(project: Path) -> None:
    with pytest.raises(InvalidSamConfig, match="Architecture=amd64 is not one of: arm64, x86_64"):
        choose_architecture(project, ["--parameter-overrides", "Architecture=amd64"])


@pytest.mark.parametrize(("architecture", "machine"), [("arm64", ARM64), ("x86_64", X86_64)])
@pytest.mark.parametrize("tag", ["cp313-cp313-manylinux_2_17_{0}.manylinux2014_{0}", "py3-none-any"])
def test_a_layer_for_the_architecture_passes(
    tmp_path: Path, architecture: str, machine: int, tag: str
) -> None:
    write_library(tmp_path, machine)
    write_wheel(tmp_path, tag.format({"arm64": "aarch64"}.get(architecture, architecture)))
    check_layer(tmp_path, architecture)


@pytest.mark.parametrize(
    ("architecture", "machine"), [("arm64", X86_64), ("x86_64", ARM64), ("arm64", RISCV)]
)
def test_a_library_for_another_machine_is_refused(tmp_path: Path, architecture: str, machine: int) -> None:
    write_library(tmp_path, ARM64 if architecture == "arm64" else X86_64, "good.so")
    write_library(tmp_path, machine)
    with pytest.raises(WrongBuild, match=f"not for {architecture}: orjson.so is for another machine"):
        check_layer(tmp_path, architecture)


@pytest.mark.parametrize("content", [b"", b"\x7fELF", b"\xcf\xfa\xed\xfe" + bytes(60)])
def test_a_library_of_another_system_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "orjson.so").write_bytes(content)
    with pytest.raises(WrongBuild, match=r"orjson\.so"):
        check_layer(tmp_path, "arm64")


@pytest.mark.parametrize(
    "tag",
    [
        "cp313-cp313-macosx_11_0_arm64",
        "cp313-cp313-manylinux2014_x86_64",
        "cp313-cp313-musllinux_1_2_aarch64",
    ],
)
def test_a_wheel_of_another_platform_is_refused(tmp_path: Path, tag: str) -> None:
    write_library(tmp_path, ARM64)
    write_wheel(tmp_path, tag)
    with pytest.raises(WrongBuild, match=r"orjson-3\.11\.0 is for"):
        check_layer(tmp_path, "arm64")


def test_a_layer_without_its_dependencies_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongBuild, match="not installed"):
        check_layer(tmp_path, "arm64")


def test_the_built_template_accepts_its_own_architecture_only() -> None:
    before = TEMPLATE.read_text()
    pinned = pin_architecture(before, "x86_64")
    assert "    Default: x86_64\n    AllowedValues: [x86_64]\n" in pinned
    assert "AllowedValues: [arm64" not in pinned
    assert pinned.partition("  MaxRequestBytes:")[2] == before.partition("  MaxRequestBytes:")[2]


def test_a_template_without_the_parameter_is_not_deployed() -> None:
    with pytest.raises(WrongBuild):
        pin_architecture("Parameters:\n  MaxDepth:\n    Type: Number\n", "arm64")
