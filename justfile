# The recipes that people and CI call; `just` alone lists them. Each is plain cargo: .ci/run works without `just` too.

default:
    @just --list

# the main job
run *ARGS:
    cargo run --release --locked -- {{ARGS}}

# all tests
test:
    cargo test --locked

# formatting, lints, docs: what CI refuses
lint:
    cargo fmt --all --check
    cargo clippy --locked --all-targets --no-deps -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps

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
