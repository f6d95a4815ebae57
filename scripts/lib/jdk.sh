# Finds the JDK. Sourced by mvnw and by the scripts beside this folder; also by bin/cloister.

readonly JDK_RELEASE=25

# Prints the release of the JDK in folder $1 (25, 17 …), or nothing if there is none.
jdk_release() {
  if [ -x "$1/bin/java" ] && [ -r "$1/release" ]; then
    sed -n 's/^JAVA_VERSION="\([0-9][0-9]*\).*/\1/p' "$1/release"
  fi
}

jdk_suits() {
  local release
  release=$(jdk_release "$1")
  [ -n "$release" ] && [ "$release" -ge "$JDK_RELEASE" ]
}

# Sets JAVA_HOME to a JDK of release 25 or later: the one it names already, the one on the PATH,
# else the first in the usual folders. Without any it says what to install and exits with 3.
require_jdk() {
  local home java
  if [ -n "${JAVA_HOME:-}" ] && jdk_suits "$JAVA_HOME"; then
    export JAVA_HOME
    return
  fi
  if java=$(command -v java); then
    home=$(cd -P "$(dirname "$(readlink -f "$java")")/.." && pwd)
    if jdk_suits "$home"; then
      export JAVA_HOME="$home"
      return
    fi
  fi
  for home in \
    /usr/lib/jvm/*"$JDK_RELEASE"* \
    /usr/lib/jvm/* \
    /usr/java/* \
    /opt/java/* /opt/jdk* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home \
    /opt/homebrew/opt/openjdk*/libexec/openjdk.jdk/Contents/Home \
    "${SDKMAN_DIR:-$HOME/.sdkman}"/candidates/java/* \
    "$HOME"/.jdks/* \
    "$HOME"/.local/share/mise/installs/java/* \
    "$HOME"/.asdf/installs/java/*; do
    if jdk_suits "$home"; then
      export JAVA_HOME="$home"
      return
    fi
  done
  echo "Cloister needs a JDK $JDK_RELEASE or later, and none was found: neither JAVA_HOME nor" >&2
  echo "the PATH nor the usual folders have one. Install one (for example the package" >&2
  echo "temurin-$JDK_RELEASE-jdk or openjdk-$JDK_RELEASE-jdk) or set JAVA_HOME to where it is." >&2
  exit 3
}
