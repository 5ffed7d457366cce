# How each layer is built. `sam build` runs these targets in a copy of the layer's folder and collects ARTIFACTS_DIR.
# Wheels are fetched for the function's processor whatever this machine is, checked against the lock, trimmed, and
# compiled by the functions' own Python: without .pyc files, numpy alone costs a cold start 130 ms more.

OUT = $(ARTIFACTS_DIR)/python
PY = python3.13

FETCH = $(PY) -m pip install -qq --disable-pip-version-check --no-input --no-deps --no-compile --require-hashes \
	--only-binary :all: --implementation cp --python-version 3.13 --platform manylinux2014_$(PLATFORM) \
	--platform manylinux_2_27_$(PLATFORM) --platform manylinux_2_28_$(PLATFORM) -r requirements.txt --target $(OUT)

# the layer is mounted read-only: a .pyc that asks for its source's date would be made again at every cold start
COMPILE = find $(OUT) -name __pycache__ -prune -exec rm -rf {} + ; \
	$(PY) -m compileall -q -j 0 --invalidation-mode unchecked-hash -s $(ARTIFACTS_DIR) -p /opt $(OUT)

.SILENT:

build-CoreLayer:
	mkdir -p $(OUT) && cp -R scorelet $(OUT)/
	$(COMPILE)

build-BaseLayer:
	$(FETCH)
	rm -rf $(OUT)/bin
	$(COMPILE)

build-DuckdbLayer:
	$(FETCH)
	rm -rf $(OUT)/bin
	$(COMPILE)

build-LitertLayer:
	$(FETCH)
	rm -rf $(OUT)/bin
	$(COMPILE)
