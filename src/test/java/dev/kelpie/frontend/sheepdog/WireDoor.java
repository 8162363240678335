package dev.kelpie.frontend.sheepdog;

import dev.kelpie.cache.CacheControl;
import dev.kelpie.cluster.ClusterBook;
import dev.kelpie.cluster.Coordination;
import dev.kelpie.cluster.Format;
import dev.kelpie.log.Log;
import dev.kelpie.object.ObjectStore;
import dev.kelpie.platform.Endpoint;
import dev.kelpie.platform.Network;
import dev.kelpie.platform.Platform;
import dev.kelpie.stream.Access;
import dev.kelpie.vdi.ClientObjects;
import dev.kelpie.vdi.VdiDirectory;
import dev.kelpie.wire.Opcode;
import dev.kelpie.wire.RequestFields;
import dev.kelpie.wire.RequestFlags;
import dev.kelpie.wire.RequestHeader;
import dev.kelpie.wire.ResponseFields;
import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Optional;

/// The Sheepdog protocol's server over real floors, and strict clients for it, for tests of other
/// rooms.
public final class WireDoor implements Closeable {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final Format FORMAT = new Format(0x65_53f1_0000_0007L, 1, 0, 0, "plain");

  private static final SheepdogConfig CONFIG = new SheepdogConfig(100, 16L << 20);

  private final Platform platform;
  private final ClusterBook book;
  private final SheepdogServer server;
  private final Endpoint at;

  /// Opens the door on a loopback port, and formats the cluster where it is not.
  public WireDoor(
      Platform platform,
      Coordination coordination,
      ClientObjects objects,
      VdiDirectory vdis,
      CacheControl cache,
      ObjectStore store)
      throws IOException {
    this.platform = platform;
    this.book = new ClusterBook(coordination);
    FakeNode node = new FakeNode(book);
    if (book.cluster().isEmpty()) {
      book.format(FORMAT, node.members(), FakeNode.FORMATTED);
    }
    Services services = new Services(objects, vdis, Optional.of(cache), store, book, node);
    this.server = new SheepdogServer(platform, Log.NONE, services, CONFIG, Access.OPEN);
    Network.Listener listener =
        platform.network().listen(new Endpoint.Tcp(InetAddress.getLoopbackAddress(), 0));
    this.at = listener.at();
    server.serve(listener);
  }

  /// A new client, for one task.
  public Client connect() throws IOException {
    return new Client(
        new StrictClient(platform.network().connect(at, LIMIT)).expectEpoch(book.epoch()));
  }

  /// Cuts everybody off.
  @Override
  public void close() throws IOException {
    server.close();
  }

  /// A reply.
  ///
  /// @param vdi that it names, where it names one
  public record Reply(int result, int vdi, byte[] data) {}

  /// A connection, for one request at a time.
  public static final class Client implements Closeable {
    private final StrictClient client;

    private Client(StrictClient client) {
      this.client = client;
    }

    /// Sends a request with a payload and takes its reply.
    public Reply send(Opcode opcode, int flags, RequestFields fields, byte... payload)
        throws IOException {
      return reply(client.call(opcode, flags, fields, payload));
    }

    /// Sends a request without one and takes its reply.
    ///
    /// @param room for the reply's data
    public Reply ask(Opcode opcode, int flags, int room, RequestFields fields) throws IOException {
      return reply(client.call(opcode, flags, room, fields));
    }

    /// Sends a request with a payload, and does not wait.
    public void sendOnly(Opcode opcode, int flags, RequestFields fields, byte... payload)
        throws IOException {
      client.send(
          RequestHeader.of(opcode, flags | RequestFlags.WRITE, payload.length, fields), payload);
    }

    private static Reply reply(StrictClient.Answer answer) {
      int vdi = answer.header().fields() instanceof ResponseFields.Vdi named ? named.vdi() : 0;
      return new Reply(answer.header().result(), vdi, answer.bytes());
    }

    @Override
    public void close() throws IOException {
      client.close();
    }
  }
}
