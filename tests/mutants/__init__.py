"""`make mutants`: changes the code in small ways, one at a time, and looks whether a test fails.

packages   what is mutated, which tests have to notice, and how many changes they must catch at least
tree       a copy of the repository in which mutmut works, and its runs
sample     the mutants that it made, and a seeded choice of them
accepted   survivors that are no gap in the tests, each with the reason: `accepted.toml`
"""
