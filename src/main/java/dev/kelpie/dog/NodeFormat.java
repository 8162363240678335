package dev.kelpie.dog;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;

/// `dog node format` (spec/cli.md §5.8): writes a file beside a sheep's others that no sheep reads,
/// neither the original nor this one, whose store is the same under both names.
final class NodeFormat implements Command {
  private static final List<String> STORES = List.of("plain", "tree");
  private static final int NAME_SIZE = 16;

  @Override
  public int run(Invocation in) throws Failure, WrongUsage {
    String directory = in.nextArgument().orElseThrow();
    String store = in.nextArgument().orElseThrow(() -> new WrongUsage("specify store format"));
    if (!STORES.contains(store)) {
      throw new Failure(ExitStatus.SYSTEM, "expected store format: plain, tree");
    }
    String name = directory + "/node_config";
    Path path = LocalFiles.path(name, ExitStatus.SYSTEM, "failed to create a config file");
    if (Files.exists(path)) {
      throw new Failure(ExitStatus.SYSTEM, "config file already exists: " + name);
    }
    byte[] content = new byte[NAME_SIZE];
    for (int i = 0; i < store.length(); i++) {
      content[i] = (byte) store.charAt(i);
    }
    write(path, name, content);
    return ExitStatus.SUCCESS;
  }

  private static void write(Path path, String name, byte[] content) throws Failure {
    try (SeekableByteChannel file =
        Files.newByteChannel(
            path, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE))) {
      ByteBuffer bytes = ByteBuffer.wrap(content);
      while (bytes.hasRemaining()) {
        file.write(bytes);
      }
    } catch (IOException e) {
      throw new Failure(
          ExitStatus.SYSTEM, "failed to create a config file (" + name + "): " + SystemText.of(e));
    }
  }
}
