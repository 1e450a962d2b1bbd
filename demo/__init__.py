"""The invented demo city and the simulator that lives in it.

Nothing here imports a package of the product: the city is a file, and the simulator speaks HTTP like everybody else.
"""
