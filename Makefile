# make run   create the environment, then all the way on the embedded reports: dataset, training, a kernel that was held out,
#            search; and a C++ project from as written to its best design
# make test  formatting, types, tests
# make fuzz  the property tests with random examples, for FUZZ_MINUTES (5); FUZZ_TESTS names files or folders
# make ci    the main jobs by replay of the packs alone
# make bench speed, as ratios in one run
# make packs the packs in reports/, again
# make docs  the generated parts of docs/ and the index in kernels/, again
# make test-kills  any one process of a command killed at random, KILLS times (40)
# make test-farm  runs on a real Slurm, where it can be installed
# make clean  removes caches and what can be made again; the reports that runs of the tool have left stay

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKSPACE ?= workspace
HELD_OUT := gemm-ncubed
FUZZ_MINUTES ?= 5
FUZZ_TESTS ?= tests
KILLS ?= 40
export OMP_NUM_THREADS ?= 1
# Where it is set, each of some hundred commands would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: env run test lint unit fuzz ci bench packs docs test-farm test-kills clean knowledge knowledge-of-estimates

env: $(STAMP)

$(STAMP): pyproject.toml constraints.txt packaging/luigi_default_module.pth
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Installing into $(VENV) (about a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

run: $(STAMP)
	@$(BIN)/luigi --module pipeline GenerateDataset --workspace $(WORKSPACE)
	@$(BIN)/luigi --module pipeline TrainHierarchicalMoE --epochs 10 --without $(HELD_OUT) --workspace $(WORKSPACE)
	@$(BIN)/luigi --module pipeline FineTune --kernel $(HELD_OUT) --shots 20 --model $(WORKSPACE)/models/latest --workspace $(WORKSPACE)
	@$(BIN)/luigi --module pipeline RunActiveLearningLoop --kernel $(HELD_OUT) --budget 20 --model $(WORKSPACE)/models/latest --workspace $(WORKSPACE)
	@$(BIN)/luigi --module pipeline RunActiveLearningLoop --kernel docs/examples/fir/hls_config.cfg --backend estimator --budget 20 --workspace $(WORKSPACE)

# Types are checked by one process, for as long as a tenth of the tests take: beside them.
test: $(STAMP)
	@$(MAKE) --no-print-directory -j2 lint unit

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

unit: $(STAMP)
	PYTHONHASHSEED=0 $(BIN)/python -m pytest -n 2 --dist worksteal

fuzz: $(STAMP)
	@$(BIN)/python -m tests.fuzz --minutes $(FUZZ_MINUTES) $(FUZZ_TESTS)

ci: $(STAMP)
	$(BIN)/python -m tests.replay_jobs

# A real single-node Slurm on loopback: needs root and Debian packages; without them it says what is missing.
test-farm: $(STAMP)
	TEST_FARM=1 $(BIN)/python -m pytest tests/farm tests/synthesis/executors -rs

test-kills: $(STAMP)
	TEST_KILLS=$(KILLS) $(BIN)/python -m pytest tests/tasks/test_family.py

bench: $(STAMP)
	@for b in bench/bench_*.py; do echo "== $$b"; $(BIN)/python $$b || exit 1; done

# What ships in models/: learned from published labels of plain Vitis HLS, whose archive VITIS_LABELS names.
knowledge: $(STAMP)
	@test -n "$(VITIS_LABELS)" || { echo "name archives or folders of labels: make knowledge VITIS_LABELS='PATH PATH'"; exit 2; }
	@for labels in $(VITIS_LABELS); do \
		$(BIN)/luigi --module pipeline ImportHLSyn --path "$$labels" --source vitis-plain --workspace $(WORKSPACE) || exit; done
	@$(BIN)/luigi --module pipeline MakeKnowledge --source vitis-plain --terms 'sharc-lab/HLSFactory, LICENSE.data: CC BY-SA 4.0' --workspace $(WORKSPACE)
	@rm -rf models/vitis && mkdir -p models && cp -r "$$(ls -td $(WORKSPACE)/knowledge/vitis-plain-* | head -1)" models/vitis && rm -f models/vitis/.files
	@$(MAKE) --no-print-directory knowledge-of-estimates

knowledge-of-estimates: $(STAMP)
	@$(BIN)/luigi --module pipeline MakeKnowledge --source estimator --terms 'estimates of this package, under its licence' --workspace $(WORKSPACE)
	@rm -rf models/estimator && mkdir -p models && cp -r "$$(ls -td $(WORKSPACE)/knowledge/estimator-* | head -1)" models/estimator && rm -f models/estimator/.files

packs: $(STAMP)
	@$(BIN)/luigi --module pipeline BuildPacks --workspace $(WORKSPACE)

docs: $(STAMP)
	@$(BIN)/python docs/make_reference.py

# Reports may have taken hours of the tool and its licences each: they stay. Without an environment nothing has been made.
clean:
	@if [ -x $(BIN)/luigi ]; then $(BIN)/luigi --module pipeline CleanWorkspace --yes --workspace "$(WORKSPACE)"; fi
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
