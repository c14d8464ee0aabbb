"""Options that several commands share."""

from typing import Annotated

import typer

CompanyOption = Annotated[
    str,
    typer.Option("--company", "-c", help="The company's code; not needed where there is only one.", show_default=False),
]
