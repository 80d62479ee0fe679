"""调度: teams and goods, incidents, the plan, orders, and who stands by before the water comes.

Decided over all live objects, shown as the reader may see them. Every row is a live fact with its time; what an
exercise (演练) makes is never mixed with what is real.
"""
