package dev.kelpie.it;

import java.nio.file.Path;
import java.util.List;

/// Real clients over a Unix socket.
final class UnixClientsIT extends RealClients {
  private Path socket = Path.of(".");

  @Override
  List<String> listening(Path directory) {
    socket = directory.resolve("nbd.sock");
    return List.of("--nbd", "unix:" + socket);
  }

  @Override
  String uri(SheepProcess running, String export) {
    return "nbd+unix:///" + export + "?socket=" + socket;
  }
}
