package dev.kelpie.client;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;

/// What is asked of a VDI, for some time.
///
/// @param at the path of a Unix socket, or a port on this machine
/// @param random whether blocks come in random order; else one after the other
/// @param reads how many of a hundred requests are reads, the others are writes
/// @param block bytes of a request; fits into an object a whole number of times
/// @param depth how many requests are in flight
/// @param bytes from the beginning of the VDI on; all of them written before
/// @param flushEvery a flush after so many writes, with nothing beside it; 0 for none
record LoadJob(
    SocketAddress at,
    String vdi,
    boolean random,
    int reads,
    int block,
    int depth,
    long bytes,
    Duration time,
    int flushEvery) {
  LoadJob {
    if (flushEvery > 0 && depth != 1) {
      throw new IllegalArgumentException("flushes are for depth 1");
    }
  }

  /// `ADDRESS VDI random|sequential READS BLOCK DEPTH BYTES MILLISECONDS FLUSH_EVERY`.
  static LoadJob parse(String line) {
    String[] words = line.split(" ", -1);
    return new LoadJob(
        address(words[0]),
        words[1],
        words[2].equals("random"),
        Integer.parseInt(words[3]),
        Integer.parseInt(words[4]),
        Integer.parseInt(words[5]),
        Long.parseLong(words[6]),
        Duration.ofMillis(Long.parseLong(words[7])),
        Integer.parseInt(words[8]));
  }

  private static SocketAddress address(String word) {
    return word.startsWith("/")
        ? UnixDomainSocketAddress.of(word)
        : new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(word));
  }
}
