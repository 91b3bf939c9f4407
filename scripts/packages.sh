# What the build and the tests need of the system, and how to get it. Sourced
# by the other scripts; does nothing by itself.

missing_for_building() {
  command -v cc >/dev/null || echo gcc libc6-dev
  command -v cmake >/dev/null || echo cmake
  if [ "$(uname)" = Linux ]; then
    command -v pkg-config >/dev/null || echo pkg-config
    pkg-config --exists alsa 2>/dev/null || echo libasound2-dev
  fi
}

# The tests' softphones and generators, written by others.
missing_for_testing() {
  command -v baresip >/dev/null || echo baresip-core
  command -v linphonec >/dev/null || echo linphone-cli
  command -v sipp >/dev/null || echo sip-tester
  PATH=$PATH:/usr/sbin command -v kamailio >/dev/null || echo kamailio
}

# install_packages NAME...: with apt-get; says so. Fails where there is none.
install_packages() {
  [ $# -gt 0 ] || return 0
  if ! command -v apt-get >/dev/null; then
    echo "These are missing, and there is no apt-get here to install them: $*" >&2
    return 1
  fi
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "These are missing: $*. As root: apt-get install $*" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  echo "Installing $* (apt-get)" >&2
  "${as_root[@]}" apt-get update -qq >&2
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "$@" >&2
}

# A fresh Rust is not yet on the path of a shell that was open before.
find_rust() {
  if ! command -v cargo >/dev/null && [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ]; then
    PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
  fi
  if ! command -v cargo >/dev/null; then
    echo "Rust is missing: install it from https://rustup.rs, then run this again" >&2
    return 1
  fi
}
