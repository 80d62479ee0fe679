"""What the standards say: pure rules, one file a standard.

A rule takes values and tables and gives a `Result`: what it comes to, with every step of the way there.
It reads no file, clock or setting. Arithmetic is exact (`Fraction`), so that what reaches a limit is in.
The tables stand in geodata/standards, shaped as in the standard; `table.read` brings them.
"""
