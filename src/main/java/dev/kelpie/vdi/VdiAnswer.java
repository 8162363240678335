package dev.kelpie.vdi;

import dev.kelpie.model.VdiId;

/// What [VdiDirectory] says.
public sealed interface VdiAnswer {
  /// Done, or found.
  ///
  /// @param vdi the VDI asked for; the new one where one was made
  /// @param copies its number of copies
  record Found(VdiId vdi, int copies) implements VdiAnswer {}

  /// Not done; nothing was changed.
  record Refused(Reason reason) implements VdiAnswer {}

  /// Why not. The names are those of the Sheepdog result codes that front ends map them to.
  enum Reason {
    VDI_EXIST,
    NO_VDI,
    NO_TAG,
    NO_BASE_VDI,
    FULL_VDI,
    /// In use in a way that forbids it.
    VDI_LOCKED,
    NO_SPACE,
    INVALID_PARMS,
    WAIT_FOR_FORMAT
  }
}
