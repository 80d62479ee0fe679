"""新设市场主体安全准入: ask a place, get an answer that stands up."""
