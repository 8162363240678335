package dev.kelpie.vdi;

import java.io.IOException;

/// Another node, which lives, has the lease of a VDI.
public final class LeaseElsewhere extends IOException {
  private static final long serialVersionUID = 1;

  /// Says which node, and the way out.
  LeaseElsewhere(String vdi, String owner) {
    super(vdi + " is in use on node " + owner + "; use it there, or close it there and try again");
  }
}
