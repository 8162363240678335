package dev.kelpie.volume;

import dev.kelpie.model.VdiName;
import dev.kelpie.object.CacheMode;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// The disks that a front end can offer.
public interface Exports {
  /// The names of the working VDIs, sorted.
  List<String> names() throws IOException;

  /// Opens a disk.
  ///
  /// @param snapshot the decimal id or the tag of a snapshot; empty for the working VDI
  /// @param mode how to use the cache; empty for the VDI's default
  Answer open(VdiName name, Optional<String> snapshot, Optional<CacheMode> mode, Client client)
      throws IOException;

  /// Who uses a disk.
  ///
  /// @param peer for logs
  /// @param local whether the client is on this machine, so that a power cut took it down too
  record Client(String peer, boolean local) {}

  /// What [#open] says.
  sealed interface Answer {
    /// It is open; the caller closes it.
    record Opened(BlockDevice device) implements Answer {}

    /// It cannot be opened.
    ///
    /// @param why names the thing, the reason and the way out, for the client's user
    record Refused(Reason reason, String why) implements Answer {}
  }

  /// Why a disk cannot be opened.
  enum Reason {
    /// No such VDI or snapshot.
    UNKNOWN,
    /// The cluster is not formatted, or shuts down.
    NOT_SERVING,
    /// It is there but cannot be used this way.
    UNUSABLE
  }
}
