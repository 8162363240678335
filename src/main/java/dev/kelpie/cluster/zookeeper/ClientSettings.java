package dev.kelpie.cluster.zookeeper;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.kelpie.platform.Disk;
import dev.kelpie.platform.DiskFile;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import javax.net.ssl.SSLContext;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.client.ZKClientConfig;
import org.apache.zookeeper.common.ClientX509Util;
import org.apache.zookeeper.common.X509Exception;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Id;

/// How the client of ZooKeeper is set up.
///
/// The file that `config=` names has lines `NAME=VALUE` as Java's properties have. Names that begin
/// with `zookeeper.` or `jute.` are ZooKeeper's own, such as `zookeeper.client.secure=true` and
/// `zookeeper.ssl.trustStore.location`, and go to its client. `auth=digest:USER:PASSWORD` makes
/// this process known to the servers as that user, and what it creates can be changed by that user
/// only. It stands in a file since everybody can see a command line.
///
/// @param auth a scheme, a colon, and what the scheme needs
record ClientSettings(
    String servers, int timeoutMillis, ZKClientConfig client, Optional<String> auth) {
  private static final String AUTH = "auth";
  private static final String DIGEST = "digest:";
  private static final String NETTY = "org.apache.zookeeper.ClientCnxnSocketNetty";

  /// For what is not asynchronous, which is closing: servers find out by themselves, too.
  private static final int CLOSE_MILLIS = 3000;

  private static final int FILE_SIZE_MAX = 1 << 20;

  /// For answers, which the servers do not bound: the names of a million records fit.
  private static final int ANSWER_SIZE_MAX = 64 << 20;

  /// Reads the file where the options name one.
  static ClientSettings read(ZooKeeperOptions options, Disk disk) throws IOException {
    Properties given = new Properties();
    if (options.config().isPresent()) {
      given = properties(options.config().get(), disk);
    }
    ZKClientConfig client = new ZKClientConfig();
    // Kerberos would have to be set up outside of Kelpie; without it there is nothing to try.
    client.setProperty(ZKClientConfig.ENABLE_CLIENT_SASL_KEY, "false");
    client.setProperty(ZKClientConfig.JUTE_MAXBUFFER, "" + ANSWER_SIZE_MAX);
    client.setProperty(ZKClientConfig.ZOOKEEPER_REQUEST_TIMEOUT, "" + CLOSE_MILLIS);
    Optional<String> auth = Optional.empty();
    for (String name : given.stringPropertyNames()) {
      String value = given.getProperty(name).strip();
      if (name.equals(AUTH)) {
        auth = Optional.of(auth(value, options));
      } else if (name.startsWith("zookeeper.") || name.startsWith("jute.")) {
        client.setProperty(name, value);
      } else {
        throw bad(options, "'" + name + "' is unknown: known are auth, zookeeper.* and jute.*");
      }
    }
    if (client.getBoolean(ZKClientConfig.SECURE_CLIENT)) {
      prepareTls(client, options);
    }
    return new ClientSettings(
        options.servers(), Math.toIntExact(options.timeout().toMillis()), client, auth);
  }

  /// Whether the client speaks TLS.
  boolean isSecure() {
    return client.getBoolean(ZKClientConfig.SECURE_CLIENT);
  }

  /// Who may do what with the znodes that this process creates.
  List<ACL> acl() {
    Id who = auth.isPresent() ? new Id("auth", "") : new Id("world", "anyone");
    return List.of(new ACL(ZooDefs.Perms.ALL, who));
  }

  /// Without the password.
  @Override
  public String toString() {
    return servers;
  }

  private static Properties properties(Path path, Disk disk) throws IOException {
    try (DiskFile file = disk.openReadOnly(path)) {
      if (file.size() > FILE_SIZE_MAX) {
        throw new IOException("it has " + file.size() + " bytes");
      }
      ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
      file.read(bytes, 0);
      Properties properties = new Properties();
      properties.load(new StringReader(UTF_8.decode(bytes.flip()).toString()));
      return properties;
    } catch (IOException | IllegalArgumentException e) {
      throw new IOException("the file " + path + " of zookeeper's config= cannot be read: " + e, e);
    }
  }

  /// Also tries to read the certificates now: later nobody would tell why there is no connection.
  private static void prepareTls(ZKClientConfig client, ZooKeeperOptions options)
      throws IOException {
    // The only one of ZooKeeper's two kinds of connections that knows TLS.
    if (client.getProperty(ZKClientConfig.ZOOKEEPER_CLIENT_CNXN_SOCKET) == null) {
      client.setProperty(ZKClientConfig.ZOOKEEPER_CLIENT_CNXN_SOCKET, NETTY);
    }
    try (ClientX509Util tls = new ClientX509Util()) {
      SSLContext _ = tls.createSSLContext(client);
    } catch (X509Exception.SSLContextException e) {
      Throwable why = e.getCause() == null ? e : e.getCause();
      throw bad(options, "TLS to ZooKeeper cannot be set up: " + why);
    }
  }

  private static String auth(String value, ZooKeeperOptions options) throws IOException {
    int colon = value.indexOf(':', DIGEST.length());
    if (!value.startsWith(DIGEST) || colon <= DIGEST.length() || colon == value.length() - 1) {
      throw bad(options, "auth is to be digest:USER:PASSWORD");
    }
    return value;
  }

  private static IOException bad(ZooKeeperOptions options, String what) {
    return new IOException(
        options.config().map(path -> path + ": ").orElse("") + what + "; correct the file");
  }
}
