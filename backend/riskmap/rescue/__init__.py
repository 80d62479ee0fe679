"""救援: the water on the map, who and what is in it, who is told, and the log of the night.

Live facts: nothing here moves the state. Rows are added and never changed, each with its own time, so that every
question can be asked of an earlier minute (`at`); answers carry `state` and `at`. What an exercise (演练) makes is
marked as such and never mixed with what is real.
"""
