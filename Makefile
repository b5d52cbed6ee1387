# What one does with Writ. `make` alone lists it.
#
# Needs a Linux machine with Rust, make and a C linker; what else a target needs
# it installs (apt, cargo, npm). `test`, `hosts`, `bench` and `demo` boot hosts: root.

.DEFAULT_GOAL := help
.PHONY: help build release deb install test unit simulate hosts fuzz mutants bench demo lint clean

SEED ?=
STEPS ?=
THEME ?=
FILTER ?=
RELEASE ?=
TIME ?= 60
TARGETS ?= answer condition frame log pattern policy question text

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## the programs, in target/release, and the manual pages
	packaging/build.sh

release: build

deb: build ## the Debian packages, dist/writ_*.deb and dist/writ-hub_*.deb
	packaging/build-deb.sh

install: ## what was built, below DESTDIR= with PREFIX=/usr
	packaging/install.sh

test: unit simulate hosts ## every test: of the parts, of the engine's histories, on hosts

unit: ## the tests that need no host; installs what the hub's need, as root on Debian
	tests/rig/hub.sh
	cargo test --locked --quiet --workspace --exclude writ-tests
	cargo test --locked --quiet -p writ-tests --lib
	cargo test --locked --quiet --manifest-path fuzz/Cargo.toml --target-dir target

simulate: ## the engine under crashes and lost messages; SEED= STEPS= replay one history
	$(if $(SEED),SEED='$(SEED)') $(if $(STEPS),STEPS='$(STEPS)') cargo test --locked --release -p writ-engine --test simulation -- --nocapture

hosts: deb ## the scenarios on Debian 12 and 13; THEME= and FILTER= choose
	tests/rig/hosts.sh '$(THEME)' $(FILTER)

fuzz: ## what reads others' bytes, TIME= seconds for each of TARGETS=
	command -v cargo-fuzz >/dev/null || cargo install --locked --quiet cargo-fuzz --version 0.13.2
	for target in $(TARGETS); do \
		mkdir -p target/fuzz/$$target && \
		cargo fuzz run --sanitizer none --features libfuzzer --target-dir target/fuzz $$target \
			target/fuzz/$$target fuzz/corpus/$$target -- \
			-max_total_time=$(TIME) -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 || exit 1; \
	done

mutants: ## changes what decides in one place at a time; the engine's tests must notice each
	command -v cargo-mutants >/dev/null || cargo install --locked --quiet cargo-mutants --version 27.1.0
	SEED=7 STEPS=4000 PROPTEST_CASES=64 cargo mutants --package writ-engine --no-shuffle --output target

bench: deb ## the figures that are promised, on Debian 12 and then 13; RELEASE= and FILTER= choose
	benches/bench.sh $(if $(RELEASE),--release '$(RELEASE)') $(FILTER)

demo: deb ## a throw-away host that shows the main job, then a shell for each in it
	tests/rig/demo.sh

lint: ## format, lints, licences and sources of what is linked
	cargo fmt --all --check
	cargo fmt --manifest-path fuzz/Cargo.toml --check
	cargo fmt --manifest-path benches/cedar/Cargo.toml --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	command -v cargo-deny >/dev/null || cargo install --locked --quiet cargo-deny --version 0.20.2
	cargo deny --locked check licenses bans sources

clean: ## removes what was built; the root file systems of the hosts stay
	cargo clean
	rm -rf dist
