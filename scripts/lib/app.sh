# The application folder: bin/cloister, lib/*.jar, config/. Sourced by scripts; needs lib/jdk.sh.

# Builds checkout $1 into folder $2 if it is not built or older than the sources.
build_application() {
  local root=$1 app=$2 stamp=$2/built log=$1/sandbox/target/application.log
  ! is_stale "$root" "$stamp" && return
  mkdir -p "$root/sandbox/target"
  exec 9>"$root/sandbox/target/application.lock"
  ! command -v flock >/dev/null || flock 9
  # Another may have built it meanwhile.
  if is_stale "$root" "$stamp"; then
    echo "cloister: building the application ..." >&2
    rm -f "$stamp" "$app/lib/cloister.aot"
    # What changes while Maven runs is newer than the stamp.
    : >"$root/sandbox/target/application.start"
    if ! (cd "$root" && ./mvnw -B -Dquick -Dmaven.test.skip=true -pl sandbox -am package) \
      >"$log" 2>&1 9>&-; then
      grep -E '^\[(ERROR|WARNING)\] /' "$log" >&2 || grep '^\[ERROR\]' "$log" >&2 || cat "$log" >&2
      echo "cloister: the build failed; all of it is in $log" >&2
      exit 3
    fi
    train "$root" "$app" 9>&-
    mv "$root/sandbox/target/application.start" "$stamp"
  fi
  exec 9>&-
}

is_stale() {
  local root=$1 stamp=$2
  [ ! -e "$stamp" ] || [ -n "$(find "$root/pom.xml" "$root/.mvn" "$root/config" "$root/scripts" \
    "$root"/*/pom.xml "$root"/*/src/main -newer "$stamp" -print -quit)" ]
}

# Records what a short run loads and compiles, for the starts to come. Does without if it cannot.
train() {
  local root=$1 app=$2
  "$JAVA_HOME/bin/java" "@$app/config/jvm.options" -XX:AOTCacheOutput="$app/lib/cloister.aot" \
    -cp "$app/lib/cloister-sandbox.jar" dev.cloister.sandbox.Main \
    run --invoke fibonacci "$root/examples/arithmetic/arithmetic.wasm" 20 >/dev/null 2>&1 || true
  head -c 4096 "$JAVA_HOME/release" >"$app/lib/cloister.aot.jdk"
}

# Runs the application in folder $1 with the other arguments, in place of this shell.
run_application() {
  local app=$1 options
  shift
  options=("@$app/config/jvm.options")
  is_trained "$app" && options+=("-XX:AOTCache=$app/lib/cloister.aot")
  # Split into words on purpose: options have no spaces but those between them.
  # shellcheck disable=SC2206
  options+=(${CLOISTER_JAVA_OPTS:-})
  exec "$JAVA_HOME/bin/java" "${options[@]}" -cp "$app/lib/cloister-sandbox.jar" \
    dev.cloister.sandbox.Main "$@"
}

# True if the cache is of this JDK and newer than every jar: the JVM would take classes from a
# stale one without a word. Options of one's own may not go with it.
is_trained() {
  local app=$1 cache=$1/lib/cloister.aot jar
  [ -e "$cache" ] && [ -z "${CLOISTER_JAVA_OPTS:-}" ] || return 1
  [ "$(<"$cache.jdk")" = "$(<"$JAVA_HOME/release")" ] || return 1
  for jar in "$app"/lib/*.jar "$app/config/jvm.options"; do
    [ "$cache" -nt "$jar" ] || return 1
  done
}
