package dev.kelpie.sheep;

import dev.kelpie.config.Addresses;
import dev.kelpie.config.ListenAddress;
import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Network;
import dev.kelpie.platform.Network.Listener;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Everything that the daemon listens on. TCP ports are bound before anything is created on disk,
/// so that a busy one leaves no traces; sockets in the file system once the base directory is
/// there. Nothing is accepted before the node serves.
final class Ports implements Closeable {
  /// Where everything is served unless an operator says otherwise.
  static final InetAddress IPV4_LOOPBACK = Addresses.numeric("127.0.0.1").orElseThrow();

  private static final InetAddress IPV6_LOOPBACK = Addresses.numeric("::1").orElseThrow();
  private static final int PORT_MAX = 65_535;

  private static final Offer NBD =
      new Offer("NBD socket", "--nbd", SheepConfig.NBD_PORT_OFFSET, "NBD is not served");
  private static final Offer STATUS =
      new Offer(
          "status socket",
          "--status",
          SheepConfig.STATUS_PORT_OFFSET,
          "the status pages are not served");

  /// Something that is offered at a default port, unless an operator says otherwise.
  ///
  /// @param missing what it means that it is not
  private record Offer(String socket, String option, int portOffset, String missing) {}

  private final Network network;
  private final SheepConfig config;
  private final List<Listener> sheepdog = new ArrayList<>();
  private final List<Listener> nbd = new ArrayList<>();
  private final List<Listener> status = new ArrayList<>();
  private final List<String> remarks = new ArrayList<>();

  private Ports(Network network, SheepConfig config) {
    this.network = network;
    this.config = config;
  }

  /// Binds the TCP ports.
  static Ports bind(Network network, SheepConfig config) throws Refusal {
    Ports ports = new Ports(network, config);
    try {
      ports.bindSheepdog();
      ports.bindOverTcp(NBD, config.nbd(), ports.nbd);
      ports.bindOverTcp(STATUS, config.status(), ports.status);
      return ports;
    } catch (Refusal e) {
      ports.closeAfter(e);
      throw e;
    }
  }

  /// Binds the sockets in the file system.
  void bindSockets() throws Refusal {
    Path socket = config.base().resolve("sock");
    sheepdog.add(listen(new Endpoint.Unix(socket), "server socket", "remove the file"));
    bindSocket(NBD, config.nbd(), nbd);
    bindSocket(STATUS, config.status(), status);
  }

  private void bindSocket(Offer offer, Optional<ListenAddress> wish, List<Listener> into)
      throws Refusal {
    if (wish.isPresent() && wish.get() instanceof ListenAddress.Unix(String path)) {
      String wayOut = "choose another with " + offer.option;
      into.add(listen(new Endpoint.Unix(Path.of(path)), offer.socket, wayOut));
    }
  }

  private void bindSheepdog() throws Refusal {
    if (config.bind().isPresent()) {
      sheepdog.add(listenSheepdog(config.bind().get()));
      return;
    }
    sheepdog.add(listenSheepdog(IPV4_LOOPBACK));
    Endpoint.Tcp ipv6 = new Endpoint.Tcp(IPV6_LOOPBACK, config.port());
    try {
      sheepdog.add(network.listen(ipv6));
    } catch (IOException e) {
      if (SystemText.of(e).contains("in use")) {
        throw refusal("server socket", e, "choose another port with -p");
      }
      remarks.add("not listening on the IPv6 loopback address: " + SystemText.of(e));
    }
  }

  private Listener listenSheepdog(InetAddress address) throws Refusal {
    return listen(
        new Endpoint.Tcp(address, config.port()), "server socket", "choose another port with -p");
  }

  private void bindOverTcp(Offer offer, Optional<ListenAddress> wish, List<Listener> into)
      throws Refusal {
    int port = config.port() + offer.portOffset;
    if (wish.isEmpty()) {
      bindDefault(offer, port, into);
    } else if (wish.get() instanceof ListenAddress.Tcp tcp) {
      Endpoint at = new Endpoint.Tcp(tcp.address(), tcp.port().orElse(port));
      String option = offer.option;
      String wayOut = "choose another address with " + option + ", or " + option + " none";
      into.add(listen(at, offer.socket, wayOut));
    }
  }

  private void bindDefault(Offer offer, int port, List<Listener> into) {
    String wayOut = "; " + offer.missing + ", choose an address with " + offer.option;
    if (port > PORT_MAX) {
      remarks.add(
          "no default port for the " + offer.socket + ": " + port + " is too large" + wayOut);
      return;
    }
    try {
      into.add(network.listen(new Endpoint.Tcp(IPV4_LOOPBACK, port)));
    } catch (IOException e) {
      remarks.add("failed to bind " + offer.socket + ": " + SystemText.of(e) + wayOut);
    }
  }

  private Listener listen(Endpoint at, String what, String wayOut) throws Refusal {
    try {
      return network.listen(at);
    } catch (IOException e) {
      throw refusal(what, e, wayOut);
    }
  }

  private static Refusal refusal(String what, IOException e, String wayOut) {
    return new Refusal("failed to bind " + what + ": " + SystemText.of(e) + " (" + wayOut + ")", e);
  }

  /// For the Sheepdog protocol.
  List<Listener> sheepdog() {
    return List.copyOf(sheepdog);
  }

  /// For NBD.
  List<Listener> nbd() {
    return List.copyOf(nbd);
  }

  /// For the status pages.
  List<Listener> status() {
    return List.copyOf(status);
  }

  /// What could not be bound and was not asked for, for the log.
  List<String> remarks() {
    return List.copyOf(remarks);
  }

  private void closeAfter(Refusal refusal) {
    try {
      close();
    } catch (IOException e) {
      refusal.addSuppressed(e);
    }
  }

  /// Stops listening; sockets vanish from the file system. Closing twice is harmless.
  @Override
  public void close() throws IOException {
    List<Listener> all = new ArrayList<>(sheepdog);
    all.addAll(nbd);
    all.addAll(status);
    for (Listener listener : all) {
      listener.close();
    }
  }
}
