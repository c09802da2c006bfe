"""What is mutated, and which tests have to notice."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Package:
    """Paths of sources are below `layers/common/sluice/`, those of tests below `tests/`.

    `goal` is the percentage of a sample that the tests catch at least.
    """

    name: str
    sources: tuple[str, ...]
    tests: tuple[str, ...]
    goal: int = 90


PACKAGES = {
    package.name: package
    for package in (
        Package("ingest", ("ingest/*",), ("unit/ingest",)),
        Package("routing", ("routing/*",), ("unit/routing", "unit/test_tailing.py")),
        Package("delivery", ("delivery/*",), ("unit/delivery",)),
        Package(
            "filters",
            ("filters/*",),
            (
                "unit/test_filters.py",
                "unit/test_filters_table.py",
                "unit/test_explain_filters.py",
                "unit/workspace/test_filter_errors.py",
                "golden",
            ),
        ),
        Package("contracts", ("contracts/*",), ("unit/contracts",)),
        Package("privacy", ("privacy/*",), ("unit/privacy",)),
        Package(
            "mapping",
            ("mapping.py", "values.py", "value_options.py", "source_syntax.py", "casts.py", "objects.py"),
            (
                "unit/test_mapping.py",
                "unit/test_values.py",
                "unit/test_casts.py",
                "unit/test_explain_mappings.py",
                "unit/workspace/test_mapping_errors.py",
                "golden",
            ),
        ),
        Package("templates", ("templates/*",), ("unit/templates", "golden"), goal=80),
    )
}
