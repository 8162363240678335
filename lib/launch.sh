# What bin/sheep, bin/dog, bin/quickstart and bin/test share: where the parts of Kelpie lie, which
# Java runs them, and with which flags. Sourced with KELPIE_HOME set to the directory above bin/.
# Uses only what bash has built in wherever it can: every process costs `dog` a millisecond.

# What a JVM reads from these it also reports on stderr, where callers test prefixes.
unset JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS _JAVA_OPTIONS

# Messages of the system in English, file names as the bytes they are.
export LC_ALL=C.UTF-8

kelpie_java_needed=25

# Prints its arguments to stderr, one per line, and ends.
kelpie_fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

# Whether the directory is a Java home of the right version, which stands in its `release` file.
kelpie_is_java_home() {
  local line
  [[ -x $1/bin/java && -r $1/release ]] || return 1
  while IFS= read -r line; do
    case $line in
      "JAVA_VERSION=\"$kelpie_java_needed\""* | "JAVA_VERSION=\"$kelpie_java_needed."*) return 0 ;;
    esac
  done <"$1/release"
  return 1
}

# Sets KELPIE_JDK to the home of a Java of the right version.
kelpie_find_java() {
  local on_path candidate
  if [[ -n ${KELPIE_JAVA_HOME:-} ]]; then
    kelpie_is_java_home "$KELPIE_JAVA_HOME" || kelpie_fail \
      "KELPIE_JAVA_HOME=$KELPIE_JAVA_HOME is not the home of a Java $kelpie_java_needed:" \
      "point it at one, or unset it"
    KELPIE_JDK=$KELPIE_JAVA_HOME
    return
  fi
  if [[ -n ${JAVA_HOME:-} ]] && kelpie_is_java_home "$JAVA_HOME"; then
    KELPIE_JDK=$JAVA_HOME
    return
  fi
  on_path=$(type -P java) && on_path=$(readlink -f "$on_path") || on_path=/nowhere/bin/java
  for candidate in "${on_path%/bin/java}" /usr/lib/jvm/*; do
    if kelpie_is_java_home "$candidate"; then
      KELPIE_JDK=$candidate
      return
    fi
  done
  kelpie_fail \
    "Kelpie needs Java $kelpie_java_needed, and none was found in KELPIE_JAVA_HOME, JAVA_HOME," \
    "PATH and /usr/lib/jvm. Install a JDK $kelpie_java_needed, for example from https://adoptium.net" \
    "(package temurin-$kelpie_java_needed-jdk), or set KELPIE_JAVA_HOME to the home of one."
}

# Sets KELPIE_LIB to the directory with kelpie.jar: beside bin/ in a distribution, in the newest
# build in a checkout.
kelpie_find_lib() {
  local built
  KELPIE_LIB=$KELPIE_HOME/lib
  [[ -e $KELPIE_LIB/kelpie.jar ]] && return
  for built in "$KELPIE_HOME"/target/kelpie-*/lib; do
    if [[ -e $built/kelpie.jar && ! $built -ot $KELPIE_LIB ]]; then
      KELPIE_LIB=$built
    fi
  done
  [[ -e $KELPIE_LIB/kelpie.jar ]] || kelpie_fail \
    "Kelpie is not built yet in $KELPIE_HOME: run bin/quickstart, or 'mvn package' first"
}

# Sets KELPIE_FLAGS to the flags of every Kelpie JVM, with the ahead-of-time cache named $1 where
# there is one that belongs to the jar. KELPIE_AOT_OUTPUT makes that cache instead (the build).
kelpie_flags() {
  KELPIE_FLAGS=(
    --enable-native-access=ALL-UNNAMED
    -Xlog:disable # a cache that does not fit would be reported on stdout
    -XX:-UsePerfData
    -XX:+UseSerialGC
  )
  if [[ -n ${KELPIE_AOT_OUTPUT:-} ]]; then
    KELPIE_FLAGS+=("-XX:AOTCacheOutput=$KELPIE_AOT_OUTPUT")
  elif [[ $KELPIE_LIB/$1.aot -nt $KELPIE_LIB/kelpie.jar ]]; then
    KELPIE_FLAGS+=("-XX:AOTCache=$KELPIE_LIB/$1.aot")
  fi
}
