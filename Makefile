# What one does with Writ. `make` alone lists it.
#
# Needs a Linux machine with Rust, make and a C linker; what else a target needs
# it installs (apt, cargo). `test`, `hosts`, `bench` and `demo` boot hosts: root.

.DEFAULT_GOAL := help
.PHONY: help build release deb install test unit simulate hosts bench demo lint clean

SEED ?=
STEPS ?=
THEME ?=
FILTER ?=
RELEASE ?=

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## the programs, in target/release, and the manual pages
	packaging/build.sh

release: build

deb: build ## the Debian package, dist/writ_*.deb
	packaging/build-deb.sh

install: ## what was built, below DESTDIR= with PREFIX=/usr
	packaging/install.sh

test: unit simulate hosts ## every test: of the parts, of the engine's histories, on hosts

unit: ## the tests that need neither root nor a host
	cargo test --locked --quiet --workspace --exclude writ-tests
	cargo test --locked --quiet -p writ-tests --lib

simulate: ## the engine under crashes and lost messages; SEED= STEPS= replay one history
	$(if $(SEED),SEED='$(SEED)') $(if $(STEPS),STEPS='$(STEPS)') cargo test --locked --release -p writ-engine --test simulation -- --nocapture

hosts: deb ## the scenarios on Debian 12 and 13; THEME= and FILTER= choose
	tests/rig/hosts.sh '$(THEME)' $(FILTER)

bench: deb ## the figures that are promised, on Debian 12 and then 13; RELEASE= and FILTER= choose
	benches/bench.sh $(if $(RELEASE),--release '$(RELEASE)') $(FILTER)

demo: deb ## a throw-away host that shows the main job, then a shell for each in it
	tests/rig/demo.sh

lint: ## format, lints, licences and sources of what is linked
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets -- -D warnings
	command -v cargo-deny >/dev/null || cargo install --locked --quiet cargo-deny --version 0.20.2
	cargo deny --locked check licenses bans sources

clean: ## removes what was built; the root file systems of the hosts stay
	cargo clean
	rm -rf dist
