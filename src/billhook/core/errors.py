"""What billing refuses to do."""


class Refusal(ValueError):  # noqa: N818, the product's word for it
    """Something that billing will not do; the message is a sentence that says what to do instead."""
