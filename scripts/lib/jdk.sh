# Finds the JDK. Sourced by mvnw and by the scripts; needs nothing but bash.

readonly JDK_RELEASE=25

# True if folder $1 has a JDK of release 25 or later.
jdk_suits() {
  local line release
  [ -x "$1/bin/java" ] && [ -r "$1/release" ] || return 1
  while IFS= read -r line; do
    if [[ $line =~ ^JAVA_VERSION=\"([0-9]+) ]]; then
      release=${BASH_REMATCH[1]}
      [ "$release" -ge "$JDK_RELEASE" ]
      return
    fi
  done <"$1/release"
  return 1
}

# Sets JAVA_HOME to a JDK that suits: the one it names already, the one on the PATH, else the first
# in the usual folders. Without any it says what to install and exits with 3.
require_jdk() {
  local home java
  if [ -n "${JAVA_HOME:-}" ] && jdk_suits "$JAVA_HOME"; then
    export JAVA_HOME
    return
  fi
  if java=$(command -v java); then
    home=$(readlink -f "$java")
    home=${home%/bin/java}
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
  echo "temurin-$JDK_RELEASE-jdk or openjdk-$JDK_RELEASE-jdk), or set JAVA_HOME to where it is." >&2
  exit 3
}
