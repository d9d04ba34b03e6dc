# The first two commands of the README are `make up` and `make test`; everything that they need they install.

SWIFT ?= swift
RELEASE := .build/release
PREFIX ?= /usr/local
BUILD := $(SWIFT) build --disable-automatic-resolution --static-swift-stdlib -c release

# What `outfit --version` names; nothing where this is no clone.
export OUTFIT_COMMIT := $(shell commit=$$(git rev-parse --short=12 HEAD 2>/dev/null) && echo $$commit$$(git diff --quiet HEAD || echo +changes))

# How many tests are at work at once. Unless it is said, Swift Testing starts all of them, and hundreds of programs that wait for
# each other run into their limits.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH ?= 8

.PHONY: up install deb build dependencies test test-images test-stack test-source test-network test-bare lint format bench dist clean

up: build  ## build Outfit, install it for you, and put the starter profile on this machine
	@scripts/up.sh $(RELEASE) $(UPFLAGS)

build: dependencies  ## the release executables, in .build/release
	$(SWIFT) package resolve
	$(BUILD) --product outfit
	$(BUILD) --product outfit-shim

dependencies:  ## headers of libcurl and ISA-L, needed to build only
	@scripts/dependencies.sh

test: build lint  ## the whole suite, against a release build and HOMEs of its own
	$(SWIFT) build --build-tests
	OUTFIT_TEST_BUILD=$(CURDIR)/$(RELEASE) $(SWIFT) test --skip-build --skip EndToEnd
	OUTFIT_TEST_BUILD=$(CURDIR)/$(RELEASE) $(SWIFT) test --skip-build --filter EndToEnd

test-source: build  ## CPython 3.13.5, compiled for real from its source: minutes, and the packages that it needs
	scripts/test-source.sh

test-images: build  ## rendered files against the tools of others, and real images (needs root)
	scripts/test-images.sh

test-stack: build  ## what is rendered for the fixture, started and asked (needs root)
	scripts/test-stack.sh

test-network: build  ## the first day in a company's network, in namespaces of its own (needs root)
	scripts/test-network.sh $(RELEASE)

lint:  ## what swift-format has to say
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests

format:
	$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests

bench: build  ## figures, as ratios against rivals in the same run
	Tests/Benchmarks/run

install: build  ## executables, manual pages and completions below PREFIX, with DESTDIR before it
	rm -rf .build/tree
	scripts/tree.sh $(RELEASE) .build/tree
	SWIFT=$(SWIFT) scripts/share.sh $(RELEASE) .build/tree
	mkdir -p "$(DESTDIR)$(PREFIX)"
	cp -R .build/tree/. "$(DESTDIR)$(PREFIX)/"

deb: build  ## a package for Debian and its like, in dist/
	SWIFT=$(SWIFT) scripts/deb.sh $(RELEASE)

dist: build  ## a relocatable tarball and install.sh, in dist/
	scripts/dist.sh

test-bare: dist  ## the tarball in a bare Debian (needs root)
	scripts/try-bare.sh

clean:
	rm -rf .build dist
