"""What a sentence is."""

from collections.abc import Mapping

Text = str | tuple[str, str]
"""One wording, or a pair for one and for other numbers of `n`."""

Texts = Mapping[str, tuple[Text, Text]]
"""By key: Chinese, English."""
