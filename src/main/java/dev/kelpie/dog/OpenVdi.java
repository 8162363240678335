package dev.kelpie.dog;

import dev.kelpie.model.ObjectId;
import dev.kelpie.model.VdiId;
import dev.kelpie.wire.InodeHeader;
import dev.kelpie.wire.MalformedPayload;

/// A VDI that a command looks at object by object.
record OpenVdi(InodeHeader inode, ObjectMap map) {
  /// The one that the next argument and `-s` name.
  static OpenVdi of(Invocation in) throws Failure, MalformedPayload {
    String name = in.nextArgument().orElseThrow();
    try {
      return of(in, in.vdis().open(name, in.options().snapshot()));
    } catch (LostConnection e) {
      throw e;
    } catch (Failure e) {
      throw e.and("FATAL: no inode objects");
    }
  }

  /// The one of an inode.
  static OpenVdi of(Invocation in, InodeHeader inode) throws Failure {
    return new OpenVdi(inode, in.vdis().map(inode));
  }

  /// The object that the inode is.
  ObjectId object() {
    return ObjectId.inode(new VdiId(inode.vdi()));
  }
}
