# How each layer is built. `sam build` runs these targets in a copy of the layer's folder and collects ARTIFACTS_DIR.
# Wheels are fetched for the function's processor whatever this machine is, checked against the lock, trimmed to what a
# function loads, and compiled by the functions' own Python. tests/build/ runs real models on the result.

# `make OUT=...` of a caller is not meant for this
override OUT = $(ARTIFACTS_DIR)/python
PY = python3.13

FETCH = $(PY) -m pip install -qq --disable-pip-version-check --no-input --no-deps --no-compile --require-hashes \
	--only-binary :all: --implementation cp --python-version 3.13 --platform manylinux2014_$(PLATFORM) \
	--platform manylinux_2_27_$(PLATFORM) --platform manylinux_2_28_$(PLATFORM) -r requirements.txt --target $(OUT)

# Without .pyc files numpy alone adds 130 ms to a cold start. Layers are mounted read-only, so a .pyc that asks for its
# source's date would be made again each time: hence unchecked-hash. PYTHONHASHSEED makes two builds the same bytes.
COMPILE = find $(OUT) -name __pycache__ -prune -exec rm -rf {} + && \
	PYTHONHASHSEED=0 $(PY) -m compileall -q --invalidation-mode unchecked-hash -s $(ARTIFACTS_DIR) -p /opt $(OUT)

# stubs, C sources and headers are for people who build; licences in *.dist-info stay
TIDY = rm -rf $(OUT)/bin && find $(OUT) \( -name '*.pyi' -o -name '*.pyx' -o -name '*.pxd' -o -name '*.pxi' -o -name '*.c' \
	-o -name '*.h' -o -name '*.a' -o -name meson.build -o -name RECORD -o -name INSTALLER -o -name REQUESTED \) -delete

.SILENT:

build-CoreLayer:
	mkdir -p $(OUT)
	cp -R scorelet $(OUT)/
	$(COMPILE)

build-BaseLayer:
	$(FETCH)
	$(TIDY)
	rm -rf $(OUT)/pycparser*
	$(COMPILE)

build-DuckdbLayer:
	$(FETCH)
	$(TIDY)
	rm -rf $(OUT)/adbc_driver_duckdb $(OUT)/duckdb/experimental $(OUT)/_duckdb-stubs
	$(COMPILE)

# The interpreter needs three shared libraries and three modules; vendors' delegates, compilers, converters, the GPU and
# the newer CompiledModel interface stay behind, and with them what only they import.
LITERT_KEEP = __init__.py interpreter.py metrics_interface.py metrics_portable.py libpywrap_litert_common.so \
	_pywrap_litert_interpreter_wrapper.so _pywrap_tensorflow_lite_metrics_wrapper.so

build-LitertLayer:
	$(FETCH)
	$(TIDY)
	find $(OUT)/ai_edge_litert -mindepth 1 -maxdepth 1 $(LITERT_KEEP:%=! -name '%') -exec rm -rf {} +
	rm -rf $(OUT)/google $(OUT)/protobuf-* $(OUT)/flatbuffers* $(OUT)/ml_dtypes* $(OUT)/tqdm* $(OUT)/backports*
	rm -rf $(addprefix $(OUT)/numpy/,f2py testing _pyinstaller _core/include _core/lib)
	rm -f $(OUT)/numpy/_core/_simd.*.so $(OUT)/numpy/_core/*_tests.*.so
	find $(OUT)/numpy -type d -name tests -prune -exec rm -rf {} +
	for docs in _add_newdocs _add_newdocs_scalars; do : >$(OUT)/numpy/_core/$$docs.py; done  # docstrings, 8 ms a start
	$(COMPILE)
