package dev.kelpie.vdi;

import dev.kelpie.model.VdiId;
import java.io.IOException;

/// The attributes of VDIs. They belong to a name, outlive its snapshots, and go with its last VDI.
public interface VdiAttributes {
  /// Looks for an attribute.
  Answer find(VdiAttribute wanted) throws IOException;

  /// Stores an attribute in place of the one that is there.
  ///
  /// @param exclusive refuses where one is there
  Answer put(VdiAttribute attribute, boolean exclusive) throws IOException;

  /// Deletes an attribute.
  Answer remove(VdiAttribute wanted) throws IOException;

  /// What became of it.
  sealed interface Answer {
    /// Done, or found.
    ///
    /// @param nameHash that stands for the VDI in the id of the attribute's object
    /// @param number the index in that id
    record Found(VdiId nameHash, int number) implements Answer {}

    /// There is no such attribute.
    record Absent() implements Answer {}

    /// It is there already.
    record Exists() implements Answer {}

    /// No room for it.
    record NoSpace() implements Answer {}

    /// The VDI is not there.
    record NoVdi(VdiAnswer.Reason reason) implements Answer {}
  }
}
