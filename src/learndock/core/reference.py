"""How a learnware is named: ``owner/name``, ``owner/name@version``, or ``sha256:...``."""

import re
from dataclasses import dataclass

from learndock.errors import BadReference

_NAMED = re.compile(r"^(?P<owner>[a-z0-9][a-z0-9._-]{0,63})/(?P<name>[a-z0-9][a-z0-9._-]{0,63})"
                    r"(@(?P<version>[a-z0-9][a-z0-9._-]{0,63}))?$")  # fmt: skip
_DIGEST = re.compile(r"^sha256:(?P<digest>[0-9a-f]{64})$")


@dataclass(frozen=True)
class Reference:
    """A learnware's name: an owner, a name and a version or alias, or a digest.

    `version` is a number as text (``"2"``), an alias (``"stable"``), or empty for the latest.
    """

    owner: str = ""
    name: str = ""
    version: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Read a reference.

        Raises
        ------
        BadReference
            If it has none of the three forms.

        Examples
        --------
        >>> Reference.parse("ada/store-12@1").version
        '1'
        """
        match = _NAMED.fullmatch(text) or _DIGEST.fullmatch(text)
        if match is None:
            raise BadReference(
                f"{text!r} is no reference; owner/name, owner/name@version or "
                "sha256:<64 hex digits> is needed",
                next="see what is there with `learndock ls`",
                given=text,
            )
        return cls(**{key: value or "" for key, value in match.groupdict().items()})

    def __str__(self) -> str:
        if self.digest:
            return f"sha256:{self.digest}"
        return f"{self.owner}/{self.name}" + (f"@{self.version}" if self.version else "")
