"""Templates: Liquid with the event as `row`, compiled at load to closures that run per event.

python-liquid reads the template (`environment`); its syntax tree becomes closures (`expressions`, `tags`,
`loops`, `calls`) that pay for what they do out of a budget (`limits`). The filters are in `filters/`.
python-liquid takes 0.1 s to import, so a workspace without templates never does.
"""

from sluice.fields import Getter


def compile_template(text: str) -> Getter:
    """A function from an event to the template's value.

    A template that is exactly one `{{ … }}` gives the value with its type, or MISSING where it is nil or
    undefined; line breaks around it do not count. Any other gives a text. Raises WorkspaceError with line and
    column (1-based, in the template) and a caret as hint; the function raises MappingError only.
    `'now'` is when the event was received, so that every attempt and every replay makes the same of it.
    """
    from sluice.templates.compile import compile_text  # noqa: PLC0415 - see the module's docstring

    return compile_text(text)
