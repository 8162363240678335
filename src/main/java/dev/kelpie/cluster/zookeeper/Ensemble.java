package dev.kelpie.cluster.zookeeper;

import dev.kelpie.log.Log;
import dev.kelpie.platform.Platform;
import java.io.IOException;
import java.time.Duration;
import org.apache.zookeeper.KeeperException.Code;

/// The servers that keep the records: how they are reached, how long they are waited for, and what
/// is said where they fail.
///
/// @param timeout the session timeout that is asked for
record Ensemble(
    ClientSettings settings, Names names, Duration timeout, Platform platform, Log log) {
  /// Calls wait as long as the servers wait for this process: by then it is settled who is there.
  Patience patience() {
    return Patience.of(platform.clock(), timeout);
  }

  /// No server can be reached.
  IOException unreachable(Patience patience) {
    return new IOException(
        "ZooKeeper cannot be reached at "
            + settings.servers()
            + " (waited "
            + patience.limit().toMillis()
            + " ms): start its servers, of which more than half have to run and reach each other,"
            + " or correct the list of -c zookeeper:"
            + (settings.isSecure()
                ? "; see also whether both sides accept each other's certificates"
                : ""));
  }

  /// A server was reached, and did not answer.
  String unanswered(Patience patience) {
    return "ZooKeeper at "
        + settings.servers()
        + " did not answer within "
        + patience.limit().toMillis()
        + " ms; see whether more than half of its servers run and reach each other";
  }

  /// A server has answered that it will not do it.
  IOException refused(String what, Code code) {
    String why =
        switch (code) {
          case NOAUTH ->
              "this process has no right to: name a user who has in the file of zookeeper's config=,"
                  + " with auth=digest:USER:PASSWORD";
          case UNIMPLEMENTED -> "ZooKeeper 3.6 or later is needed";
          case THROTTLEDOP -> "its servers are overloaded; try again";
          case QUOTAEXCEEDED -> "the quota of " + names.root() + " is used up; raise it";
          default -> "ZooKeeper's code is " + code + ", see the log of its servers";
        };
    return new IOException(what + ": ZooKeeper at " + settings.servers() + " refuses that: " + why);
  }
}
