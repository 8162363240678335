package dev.kelpie.cluster.zookeeper;

import java.io.IOException;
import org.apache.zookeeper.KeeperException.Code;

/// A request or its answer got lost with the connection, or there was no answer in time: what was
/// asked for may have been done, or be done yet.
final class Lost extends IOException {
  private static final long serialVersionUID = 1;

  Lost(Code code) {
    super("ZooKeeper's answer: " + code);
  }

  /// Whether this is what a code means. The other ones mean that the request was carried out, or
  /// refused and had no effect.
  static boolean isMeantBy(Code code) {
    return switch (code) {
      case OK, UNIMPLEMENTED -> false;
      // Come from the client as well, for requests of which it knows nothing.
      case SESSIONEXPIRED, SESSIONMOVED, AUTHFAILED -> true;
      default -> code.intValue() > Code.APIERROR.intValue();
    };
  }
}
