"""The routing engine in a process of its own. Imports nothing of the database: the process stays small."""
