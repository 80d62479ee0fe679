"""风险一张图: a risk map for municipal emergency bureaus."""
