package dev.kelpie.dog;

import dev.kelpie.platform.jvm.JvmPlatform;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.util.List;
import java.util.Map;

/// Runs many commands in one process, so that the build can let the JVM write down everything that
/// [Dog] needs (its ahead-of-time cache). Each argument is a command line.
final class Rehearsal {
  private Rehearsal() {}

  @SuppressWarnings("resource") // the standard streams stay open to the end
  public static void main(String[] commandLines) {
    Console console =
        new Console(
            new FileInputStream(FileDescriptor.in).getChannel(),
            new FileOutputStream(FileDescriptor.out).getChannel(),
            new FileOutputStream(FileDescriptor.err).getChannel(),
            new Terminal.Standard());
    int worst = 0;
    for (String commandLine : commandLines) {
      Dog dog = new Dog("dog", console, JvmPlatform.network(), JvmPlatform.clock(), Map.of());
      worst = Math.max(worst, dog.run(List.of(commandLine.split(" ", -1))));
    }
    System.exit(worst);
  }
}
