# Sourced by the commands in script/. Makes the virtualenv once and sees to what the system must bring.
# VENV may name another directory; the default is .venv beside this checkout.
VENV="${VENV:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/.venv}"

portal_say() { printf '%s\n' "$*"; }
portal_stop() { printf '%s\n' "$*" >&2; exit 1; }

# Print the first Python of at least 3.11; 1 when there is none.
portal_python() {
  local candidate
  for candidate in python3.11 python3.12 python3.13 python3 python; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}
portal_has_python() { portal_python >/dev/null; }
# Debian leaves out of its Python what makes virtualenvs.
portal_has_venv() { "$(portal_python)" -c 'import ensurepip, venv' >/dev/null 2>&1; }
portal_has_zones() { [ -e /usr/share/zoneinfo/Asia/Shanghai ]; }
portal_venv_package() { "$(portal_python)" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'; }

# Make the virtualenv. One that was begun and not finished (no pip in it) is made anew.
portal_venv() {
  local again=()
  "$VENV/bin/python" -m pip --version >/dev/null 2>&1 && return 0
  portal_system python3=portal_has_python tzdata=portal_has_zones || portal_stop "The portal needs the packages above."
  portal_has_python || portal_stop "Python 3.11 or newer is needed; this system has an older one."
  portal_system "$(portal_venv_package)=portal_has_venv" || portal_stop "The Python environment needs the package above."
  portal_say "Making the Python environment in $VENV"
  [ ! -e "$VENV/pyvenv.cfg" ] || again=(--clear)
  "$(portal_python)" -m venv "${again[@]}" "$VENV" || portal_stop "The Python environment could not be made."
}

# portal_packages FILE...: make the virtualenv and install exactly what the files pin.
# Quick when nothing changed: for each file a stamp in the virtualenv holds the hash of what was installed.
portal_packages() {
  local file arguments=()
  portal_installed "$@" && return 0
  # Two starts at the same time: the second waits, then finds the work done.
  exec 9<requirements.txt
  flock 9
  if ! portal_installed "$@"; then
    portal_venv
    portal_say "Installing the Python packages of $*"
    for file in "$@"; do arguments+=(--requirement "$file"); done
    "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes "${arguments[@]}" \
      || portal_stop "The packages could not be installed; see the lines above."
    for file in "$@"; do portal_hash "$file" >"$VENV/.installed-$file"; done
  fi
  exec 9<&-
}

portal_hash() { sha256sum "$1" | cut -d' ' -f1; }

portal_installed() {
  local file
  [ -x "$VENV/bin/python" ] || return 1
  for file in "$@"; do
    [ "$(cat "$VENV/.installed-$file" 2>/dev/null)" = "$(portal_hash "$file")" ] || return 1
  done
}

portal_has_library() { /sbin/ldconfig -p 2>/dev/null | grep -q "^[[:space:]]*$1 "; }
portal_has_chinese_font() { command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh-cn file 2>/dev/null | head -n 1)" ]; }
portal_has_postgres() { command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1; }
portal_has_chromium() { [ -n "${CHROMIUM:-}" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null; }

# portal_system WORD...: see to system packages. Each WORD is package=check; as root on Debian what is missing is
# installed, otherwise this says exactly what to install. Returns 1 when something stays missing.
portal_system() {
  local word missing=()
  for word in "$@"; do
    ${word#*=} "$(portal_library_of "${word%%=*}")" || missing+=("${word%%=*}")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    portal_say "Installing the system packages ${missing[*]}"
    if portal_apt "${missing[@]}"; then return 0; fi
  fi
  portal_say "Missing on this system. Install it with: sudo apt-get install ${missing[*]}" >&2
  return 1
}

# The package lists are fetched only when the first attempt shows that they are missing or old.
portal_apt() {
  local quiet=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
  "${quiet[@]}" install -y --no-install-recommends "$@" >/dev/null 2>&1 && return 0
  "${quiet[@]}" update >/dev/null && "${quiet[@]}" install -y --no-install-recommends "$@" >/dev/null
}

portal_library_of() {
  case "$1" in
    libpango-1.0-0) echo libpango-1.0.so.0 ;;
    libpangoft2-1.0-0) echo libpangoft2-1.0.so.0 ;;
    libharfbuzz-subset0) echo libharfbuzz-subset.so.0 ;;
    *) echo "" ;;
  esac
}

# What papers need; without it the portal runs, but makes none.
portal_paper() {
  portal_system libpango-1.0-0=portal_has_library libpangoft2-1.0-0=portal_has_library \
    libharfbuzz-subset0=portal_has_library fontconfig=portal_has_fontconfig fonts-noto-cjk=portal_has_chinese_font
}
portal_has_fontconfig() { command -v fc-list >/dev/null; }
