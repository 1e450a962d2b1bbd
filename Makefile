# Two commands matter: `make run` and `make test`. Both set themselves up; needed before: Python 3.11 to 3.13.
# An interpreter can be named: make run PYTHON=/path/to/python3.12

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && { echo "$$p"; break; }; done)
LAUNCH = $(PYTHON) -m launch

export PORT SIMULATOR DEMO

.PHONY: help run test lint bench chaos setup reset lock python
.SUFFIXES:

help:
	@echo 'make run     start everything and print one address (PORT=8123, SIMULATOR=0, DEMO=0: see .env.example)'
	@echo 'make test    every check and test, as CI runs them'
	@echo 'make lint    the checks without the tests'
	@echo 'make bench   load measurements (ARGS="...")'
	@echo 'make chaos   kill and freeze parts under load, then count what was lost (MINUTES=1 SEED=1)'
	@echo 'make setup   install what the others need and start nothing'
	@echo 'make reset   delete the demo data and logs in var/'
	@echo 'make lock    write the lock files anew (needs uv and npm)'

python:
	@test -n "$(PYTHON)" || { echo 'STOPPED: no Python 3.11, 3.12 or 3.13 was found on PATH.'; \
	  echo '  What to do: install one (Debian, Ubuntu: apt-get install python3 python3-venv), or name it: make run PYTHON=/path/to/python3.12'; exit 1; }

run test lint setup reset lock: python
	@$(LAUNCH) $@

bench: python
	@$(LAUNCH) bench $(ARGS)

MINUTES = 1
SEED = 1
chaos: python
	@$(LAUNCH) chaos --minutes $(MINUTES) --seed $(SEED)
