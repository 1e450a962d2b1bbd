"""Set-up, embedded servers and process supervisor behind `make run` and `make test`.

Standard library only: the first stage runs before the virtual environment exists. Imports no Django.
"""
