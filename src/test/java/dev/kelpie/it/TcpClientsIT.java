package dev.kelpie.it;

import java.nio.file.Path;
import java.util.List;

/// Real clients over TCP.
final class TcpClientsIT extends RealClients {
  @Override
  List<String> listening(Path directory) {
    return List.of();
  }

  @Override
  String uri(SheepProcess running, String export) {
    return running.nbd(export);
  }
}
