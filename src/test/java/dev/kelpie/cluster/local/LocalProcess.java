package dev.kelpie.cluster.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Coordination.Presence;
import dev.kelpie.cluster.Coordination.Put;
import dev.kelpie.cluster.Coordination.Stored;
import dev.kelpie.log.Log;
import dev.kelpie.platform.jvm.JvmPlatform;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// A process that shares records, for tests that start it and kill it. It announces a record, then
/// does what lines on its standard input ask for, until that ends:
///
/// * `commit`: changes two records together, again and again for ever, and prints their version
///   after each answer;
/// * `update TEXT`: gives its record another value, and prints `lease` or `none`.
final class LocalProcess {
  private LocalProcess() {}

  /// Runs it.
  ///
  /// @param arguments the directory, and the key of the record to announce
  public static void main(String[] arguments) throws IOException {
    try (Coordination records =
            new LocalCoordination(
                JvmPlatform.open((_, failure) -> failure.printStackTrace()),
                Log.NONE,
                Path.of(arguments[0]));
        Presence presence =
            records.announce(arguments[1], new byte[0], () -> say("lost")).orElseThrow();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, UTF_8))) {
      say("ready");
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (line.equals("commit")) {
          commitForever(records);
        }
        presence.update(line.substring(line.indexOf(' ') + 1).getBytes(UTF_8));
        say(presence.lease() > 0 ? "lease" : "none");
      }
    }
  }

  private static void commitForever(Coordination records) throws IOException {
    while (true) {
      long version = records.read("m").map(Stored::version).orElse(0L);
      Optional<byte[]> value = Optional.of(String.valueOf(version + 1).getBytes(UTF_8));
      if (records.commit(List.of(new Put("m", value, version), new Put("n", value, version)))) {
        say(String.valueOf(version + 1));
      }
    }
  }

  /// In one write, so that a kill leaves the line whole or away.
  private static void say(String line) {
    System.out.print(line + "\n");
    System.out.flush();
  }
}
