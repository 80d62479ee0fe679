"""The take-away map: a selection as one HTML file that opens without a network."""
