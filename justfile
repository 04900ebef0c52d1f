# What people call; `just` alone lists it. The steps of the gate stand in .ci/run, which works without `just` too.

default:
    @just --list

# the main job
run *ARGS:
    cargo run --release --locked -- {{ARGS}}

# all tests
test:
    bash .ci/run test

# formatting, lints, docs: what CI refuses
lint:
    bash .ci/run lint

# the ring's protocols under a model checker
models:
    cargo test --locked --test models

# each ordering weakened in turn: the models must notice
mutants *ARGS:
    python3 scripts/mutants.py {{ARGS}}

# many checked messages through the ring in all its ways
soak MESSAGES="10000000":
    IPCMARK_SOAK={{MESSAGES}} cargo test --release --locked --test soak

# the ring under a race detector (`just sanitize thread`) or with every access checked (`just sanitize address`)
sanitize KIND:
    bash scripts/sanitize.sh {{KIND}}

# every fuzz target under libFuzzer for SECONDS each, or the TARGETS named
fuzz SECONDS="600" *TARGETS:
    bash scripts/fuzz.sh {{SECONDS}} {{TARGETS}}

# licences, duplicates, sources and, if their database can be had, advisories of the dependencies
deny:
    bash .ci/run deny

# the oldest compiler that Cargo.toml promises
msrv:
    bash .ci/run msrv

# what the program is made of, as CycloneDX: ipcmark.cdx.json
sbom:
    @command -v cargo-cyclonedx >/dev/null || { echo "not installed: cargo install cargo-cyclonedx --locked" >&2; exit 2; }
    cargo cyclonedx --format json --spec-version 1.5 --target all --all

# the conformance of the transports that are built in on demand, and their lints; FEATURES as for cargo
peers FEATURES="peers":
    cargo clippy --locked --all-targets --no-deps --features {{FEATURES}} -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --features {{FEATURES}}
    cargo test --locked --test it --features {{FEATURES}}

# every case once
verify *ARGS:
    cargo run --release --locked -- verify --no-progress {{ARGS}}

# criterion's view of the same cases
bench *ARGS:
    cargo bench --locked {{ARGS}}

# against a hand-written C loop, alternately
fidelity *ARGS:
    cargo build --release --locked
    python3 scripts/fidelity/compare.py {{ARGS}}

# all that CI does
ci:
    bash .ci/run
