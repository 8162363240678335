"""Commands, what has to be installed, and the build."""

import os
import pathlib
import shutil
import socket
import subprocess
import sys

HOME = pathlib.Path(__file__).resolve().parent.parent.parent

# A command that is called, and the Debian package that brings it.
TOOLS = {"fio": "fio", "nbdkit": "nbdkit", "qemu-nbd": "qemu-utils", "nbdsh": "python3-libnbd",
         "openssl": "openssl"}

# What the benchmark needs of the tests: the daemon over a slow store.
TESTS = "src/test/java/dev/kelpie/sheep"


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(*command, **options):
    """Runs a command and returns what it prints; a failure ends the measurement with its words."""
    words = [str(word) for word in command]
    done = subprocess.run(words, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(words)}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def install_tools():
    def missing():
        return sorted({package for tool, package in TOOLS.items() if not shutil.which(tool)})

    packages = missing()
    if not packages:
        return
    install = ["apt-get", "install", "-qy", "--no-install-recommends", *packages]
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SystemExit(f"not installed: {', '.join(packages)}. As root: {' '.join(install)}")
    say(f"installing {', '.join(packages)}")
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    run("apt-get", "update", "-q", env=environment)
    run(*install, env=environment)
    if missing():
        raise SystemExit(f"still missing after the installation: {', '.join(missing())}")


def build():
    """Builds the distribution, unless there is one that is newer than everything it is made of."""
    made_of = [HOME / "pom.xml"]
    for directory in ("src/main", "bin", "lib", "build", TESTS):
        made_of += (HOME / directory).rglob("*")
    newest = max(path.stat().st_mtime for path in made_of if path.is_file())
    slow = HOME / "target/test-classes/dev/kelpie/sheep/SlowSheep.class"
    jars = list(HOME.glob("target/kelpie-*/lib/kelpie.jar"))
    if slow.exists() and any(jar.stat().st_mtime > newest for jar in jars):
        return
    say("building Kelpie")
    run("bash", "-c",
        'KELPIE_HOME=$PWD; . lib/launch.sh; kelpie_find_java;'
        ' JAVA_HOME=$KELPIE_JDK exec mvn -q -B package -DskipTests', cwd=HOME)


def java():
    """The Java that runs Kelpie."""
    return run("bash", "-c", 'KELPIE_HOME=$PWD; . lib/launch.sh; kelpie_find_java;'
               ' echo "$KELPIE_JDK/bin/java"', cwd=HOME).strip()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
