package dev.kelpie.sheep;

import dev.kelpie.config.AllowList;
import dev.kelpie.log.Log;
import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Network.Listener;
import dev.kelpie.stream.Access;
import dev.kelpie.tls.TlsContext;
import java.util.List;
import java.util.Optional;

/// The listeners of the daemon, and who may come in through them.
///
/// @param certificates empty where TLS is not offered
record Entrances(SheepConfig.Clients clients, Ports ports, Optional<Certificates> certificates) {
  /// To the Sheepdog protocol.
  Access sheepdog() {
    return access(clients.sheepdog());
  }

  /// For connections to other nodes, which ask for certificates as this one does.
  Optional<TlsContext> toPeers() {
    return certificates.map(Certificates::context);
  }

  /// To NBD.
  Access nbd() {
    return access(clients.nbd());
  }

  /// To the status pages.
  Access status() {
    return access(clients.status());
  }

  /// A client on a Unix socket has no address; the file system decides whether it may come.
  private Access access(Optional<AllowList> list) {
    return new Access(
        peer ->
            switch (peer) {
              case Endpoint.Tcp tcp -> list.isEmpty() || list.get().contains(tcp.address());
              case Endpoint.Unix _ -> true;
            },
        certificates.map(Certificates::policy));
  }

  /// Says what protects the listeners, and which of them everybody on a network can use.
  void report(Log log) {
    certificates.ifPresent(present -> present.report(log));
    if (certificates.isEmpty() || !clients.tls().orElseThrow().required()) {
      String everything = "read, change and delete all disks";
      warnOf(clients.sheepdog(), ports.sheepdog(), "--allow", everything, log);
      warnOf(clients.nbd(), ports.nbd(), "--allow-nbd", everything, log);
      warnOf(
          clients.status(),
          ports.status(),
          "--allow-status",
          "see the names of all disks and what is done with them",
          log);
    }
  }

  private static void warnOf(
      Optional<AllowList> list, List<Listener> listeners, String option, String harm, Log log) {
    for (Listener listener : listeners) {
      if (list.isEmpty() && !listener.at().local()) {
        log.warn(
            "everybody who can reach "
                + listener.at()
                + " can "
                + harm
                + ": require TLS with --tls-dir, or name the clients with "
                + option);
      }
    }
  }

  /// Takes up what an operator has changed in the files.
  void readAgain(Log log) {
    certificates.ifPresent(present -> present.readAgain(log));
  }
}
