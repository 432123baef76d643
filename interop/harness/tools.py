"""Tools that must be on the machine, and what is built or fetched with them."""

import os
import shutil
import subprocess

from .events import event

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
REPOSITORY = os.path.dirname(ROOT)
CACHE = os.path.join(ROOT, ".cache")

_WHERE = {
    "java": "a JDK of version 17 or newer (Debian: openjdk-17-jdk-headless)",
    "javac": "a JDK of version 17 or newer (Debian: openjdk-17-jdk-headless)",
    "mvn": "Apache Maven 3.8 or newer (Debian: maven)",
    "go": "Go 1.21 or newer (https://go.dev/dl)",
    "cargo": "a Rust toolchain (https://rustup.rs), or set FERROMQ_BIN to a built binary",
}


class MissingTool(Exception):
    """A program that a suite needs is not installed; the text says which and where it comes from."""


class BuildFailed(Exception):
    """A build or download step failed; the text carries the end of its output."""


def need(*names):
    """Checks that programs exist; names all missing ones at once."""
    missing = [name for name in names if shutil.which(name) is None]
    if missing:
        raise MissingTool("\n".join("missing: %s - install %s" % (name, _WHERE[name]) for name in missing))


def build(what, command, cwd, env=None):
    """Runs a build command; its output is shown only when it fails."""
    event(what)
    full_env = dict(os.environ)
    full_env.update(env or {})
    done = subprocess.run(command, cwd=cwd, env=full_env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise BuildFailed("%s failed (%s):\n%s" % (what, " ".join(command), done.stdout[-6000:]))


def java_in(folder):
    """Java, with what it keeps and leaves behind in `folder`: libraries that it unpacks and keys that it makes stay among the temporary files."""
    return ["java", "-Duser.home=" + folder, "-Djava.io.tmpdir=" + folder]


def jars(name):
    """The folder with the jars of `java/<name>.xml`, fetched by Maven when they are not there yet."""
    pom = os.path.join(ROOT, "java", name + ".xml")
    folder = os.path.join(CACHE, name)
    done = os.path.join(folder, ".done")
    if os.path.exists(done) and os.path.getmtime(done) >= os.path.getmtime(pom):
        return folder
    need("mvn")
    shutil.rmtree(folder, ignore_errors=True)
    build(
        "fetching the jars of %s" % name,
        ["mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies", "-DoutputDirectory=" + folder],
        ROOT,
    )
    open(done, "w").close()
    return folder
