"""风险一张图: a risk map for municipal emergency bureaus."""

from importlib.metadata import version

__version__ = version("riskmap")
