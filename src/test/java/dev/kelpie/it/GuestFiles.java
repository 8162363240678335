package dev.kelpie.it;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// What a guest boots from: Debian's cloud kernel, fetched once into `target/guest`, and an initial
/// file system made of busybox, e2fsprogs and the script `guest-init`.
///
/// @param kernel for `-kernel`
/// @param initramfs for `-initrd`
record GuestFiles(Path kernel, Path initramfs) {
  private static final Path CACHE = Path.of("target/guest").toAbsolutePath();
  private static final Pattern KERNEL_PACKAGE =
      Pattern.compile("Depends: (linux-image-[0-9]\\S*-cloud-amd64)$", Pattern.MULTILINE);
  private static final Pattern LIBRARY = Pattern.compile("(/\\S+)(?= \\(0x)");
  private static final List<String> MODULES =
      List.of(
          "virtio/virtio_ring",
          "virtio/virtio",
          "virtio/virtio_pci_legacy_dev",
          "virtio/virtio_pci_modern_dev",
          "virtio/virtio_pci",
          "block/virtio_blk");

  /// Fetches or finds the kernel, and makes the initial file system.
  static GuestFiles make() throws IOException {
    Path unpacked = kernelPackage();
    Path root = Files.createTempDirectory(Files.createDirectories(CACHE), "root");
    try {
      fill(root, unpacked);
      Path initramfs = Files.createTempFile(CACHE, "initramfs", ".cpio");
      String pack = "cd '" + root + "' && find . | cpio -o -H newc --quiet > '" + initramfs + "'";
      Ran.run(program("sh", "dash"), "-c", pack).ok();
      return new GuestFiles(only(unpacked.resolve("boot"), "vmlinuz-"), initramfs);
    } finally {
      Ran.run("rm", "-rf", root.toString()).ok();
    }
  }

  /// The path of a program that the tests need.
  ///
  /// @param debianPackage to install where it is missing
  static String program(String name, String debianPackage) {
    return Stream.of("/usr/bin/", "/bin/", "/usr/sbin/", "/sbin/")
        .map(directory -> directory + name)
        .filter(path -> Files.isExecutable(Path.of(path)))
        .findFirst()
        .orElseThrow(() ->
            new AssertionError(
                name
                    + " is not installed: apt-get install --no-install-recommends "
                    + debianPackage));
  }

  private static Path kernelPackage() throws IOException {
    Path unpacked = CACHE.resolve("kernel");
    if (Files.isDirectory(unpacked)) {
      return unpacked;
    }
    Path download = Files.createTempDirectory(Files.createDirectories(CACHE), "download");
    Ran fetched =
        Ran.run(
            new byte[0],
            new ProcessBuilder(program("apt-get", "apt"), "download", kernelPackageName())
                .directory(download.toFile()));
    if (fetched.status() != 0) {
      throw new AssertionError("cannot fetch a guest kernel: apt-get update may help\n" + fetched);
    }
    Path files = Files.createDirectory(download.resolve("files"));
    Path archive = only(download, "linux-image-");
    Ran.run(program("dpkg-deb", "dpkg"), "-x", archive.toString(), files.toString()).ok();
    return Files.move(files, unpacked);
  }

  private static String kernelPackageName() {
    String depends =
        Ran.run(program("apt-cache", "apt"), "depends", "linux-image-cloud-amd64").out();
    return KERNEL_PACKAGE
        .matcher(depends)
        .results()
        .map(found -> found.group(1))
        .findFirst()
        .orElseThrow(
            () -> new AssertionError("apt knows no linux-image-cloud-amd64: run apt-get update"));
  }

  private static void fill(Path root, Path kernelPackage) throws IOException {
    for (String directory : List.of("bin", "sbin", "modules", "proc", "dev", "mnt", "etc")) {
      Files.createDirectory(root.resolve(directory));
    }
    Files.copy(Path.of(program("busybox", "busybox-static")), root.resolve("bin/busybox"));
    for (String program : List.of("mke2fs", "e2fsck")) {
      copyWithLibraries(program(program, "e2fsprogs"), root, "sbin/" + program);
    }
    Files.copy(Path.of("/etc/mke2fs.conf"), root.resolve("etc/mke2fs.conf"));
    Path drivers = only(kernelPackage.resolve("lib/modules"), "").resolve("kernel/drivers");
    for (String module : MODULES) {
      Path file = drivers.resolve(module + ".ko");
      Files.copy(file, root.resolve("modules").resolve(file.getFileName()));
    }
    Path init = root.resolve("init");
    try (InputStream script = GuestFiles.class.getResourceAsStream("guest-init")) {
      Files.copy(Objects.requireNonNull(script, "guest-init"), init);
    }
    Files.setPosixFilePermissions(init, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static void copyWithLibraries(String program, Path root, String to) throws IOException {
    Files.copy(Path.of(program), root.resolve(to));
    String libraries =
        Ran.run(new byte[0], Map.of("LC_ALL", "C"), List.of(program("ldd", "libc-bin"), program))
            .ok()
            .out();
    for (String library :
        LIBRARY.matcher(libraries).results().map(found -> found.group(1)).toList()) {
      Path copy = root.resolve(library.substring(1));
      Files.createDirectories(copy.getParent());
      if (!Files.exists(copy)) {
        Files.copy(Path.of(library), copy);
      }
    }
  }

  private static Path only(Path directory, String prefix) {
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith(prefix))
          .findFirst()
          .orElseThrow(() -> new AssertionError("no " + prefix + "* in " + directory));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
